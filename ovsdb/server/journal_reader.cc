// The record format of ovsdb(5), read from memory.
#include "ovsdb/server/journal_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "lib/io/digest.h"

namespace turnout::ovsdb::server {
namespace {

constexpr std::string_view kPrefix = "OVSDB JSON ", kClusterPrefix = "OVSDB CLUSTER ";
constexpr size_t kSumDigits = 40;
constexpr size_t kMaxHeader = 128;  // of a header line, with room to spare

bool is_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isxdigit(c); });
}

}  // namespace

std::string_view JournalReader::magic_of(std::string_view bytes) {
  if (bytes.starts_with(kPrefix)) return "JSON";
  if (bytes.starts_with(kClusterPrefix)) return "CLUSTER";
  return {};
}

JournalReader::JournalReader(std::string file_name, std::string_view bytes)
    : name_(std::move(file_name)), bytes_(bytes), prefix_(bytes.starts_with(kClusterPrefix) ? kClusterPrefix : kPrefix) {}

bool JournalReader::read_header(size_t* length, std::string_view* sum) {
  std::string_view rest = bytes_.substr(offset_);
  const size_t line_end = rest.substr(0, kMaxHeader).find('\n');
  const std::string_view line = rest.substr(0, std::min(line_end, kMaxHeader));
  const auto refused = [&] {
    error_ = fmt::format("syntax error: {}: parse error at offset {} in header line \"{}\"", name_, offset_, line);
    return false;
  };
  if (line_end == std::string_view::npos || !line.starts_with(prefix_)) return refused();
  const char* const begin = line.data() + prefix_.size();
  const char* const line_stop = line.data() + line.size();
  auto [after, problem] = std::from_chars(begin, line_stop, *length);
  if (problem != std::errc() || *length == 0 || after == line_stop || *after != ' ') return refused();
  *sum = std::string_view(after + 1, line_stop);
  if (sum->size() != kSumDigits || !is_hex(*sum)) return refused();
  end_ = offset_ + line_end + 1;
  return true;
}

JournalReader::Next JournalReader::damaged(std::string what, size_t search_from) {
  if (!what.empty()) error_ = std::move(what);
  // A whole record behind the damage means that this is not the end of an interrupted write.
  const std::string next_header = "\n" + std::string(prefix_);
  const bool more = search_from < bytes_.size() && bytes_.find(next_header, search_from) != std::string_view::npos;
  end_ = offset_;
  return more ? Next::kCorrupt : Next::kTorn;
}

JournalReader::Next JournalReader::next(std::string_view* text) {
  offset_ = end_;
  if (offset_ == bytes_.size()) return Next::kEnd;
  size_t length = 0;
  std::string_view sum;
  if (!read_header(&length, &sum)) return damaged({}, offset_);
  const size_t body = end_;
  if (length > bytes_.size() - body) {
    return damaged(fmt::format("I/O error: {}: error reading {} bytes starting at offset {} (End of file)", name_,
                               length, body), body);
  }
  const std::string_view record = bytes_.substr(body, length);
  if (std::string found = io::sha1_hex(record); found != sum) {
    return damaged(fmt::format("syntax error: {}: {} bytes starting at offset {} have SHA-1 hash {} but should have "
                               "hash {}", name_, length, body, found, sum), body);
  }
  end_ = body + length;
  *text = record;
  return Next::kRecord;
}

}  // namespace turnout::ovsdb::server
