// Reading clustered files.
#include "ovsdb/tool/cluster_file.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "lib/base/log.h"
#include "lib/base/uuid.h"
#include "ovsdb/server/journal_reader.h"
#include "ovsdb/tool/commands.h"

namespace turnout::ovsdb::tool {
namespace {

Log log_{"ovsdb_tool"};

Result<std::string> read_file(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "re");
  if (!file) return fail("I/O error: " + path + ": open failed (" + std::strerror(errno) + ")");
  std::string bytes;
  char chunk[65536];
  while (size_t n = std::fread(chunk, 1, sizeof chunk, file)) bytes.append(chunk, n);
  const bool failed = std::ferror(file);
  std::fclose(file);
  if (failed) return fail("I/O error: " + path + ": read failed");
  return bytes;
}

Status check_header(const std::string& path, const json::Json& header) {
  for (const char* member : {"name", "local_address", "server_id"})
    if (!header.get(member).is_string()) return fail(fmt::format("syntax error: {}: the header has no \"{}\"", path, member));
  for (const char* member : {"server_id", "cluster_id"})
    if (header.has(member) && !Uuid::parse(header.get(member).as_string()))
      return fail(fmt::format("syntax error: {}: \"{}\" is not a UUID", path, member));
  return {};
}

}  // namespace

Status read_cluster_file(const std::string& path, const std::function<Status(const json::Json&, size_t)>& each) {
  auto kind = file_kind(path);
  if (!kind) return fail(kind);
  if (*kind != "CLUSTER") return fail(path + ": not a clustered database");
  auto bytes = read_file(path);
  if (!bytes) return fail(bytes);
  server::JournalReader reader(path, *bytes);
  std::string_view text;
  server::JournalReader::Next next;
  size_t index = 0;
  for (; (next = reader.next(&text)) == server::JournalReader::Next::kRecord; ++index) {
    auto record = json::Json::parse(text);
    if (!record || !record->is_object()) return fail(fmt::format("syntax error: {}: record {} is not a JSON object", path, index));
    if (index == 0) {
      if (auto sound = check_header(path, *record); !sound) return sound;
    }
    if (auto taken = each(*record, index); !taken) return taken;
  }
  if (next == server::JournalReader::Next::kCorrupt || (index == 0 && next == server::JournalReader::Next::kTorn))
    return fail(reader.error());
  if (next == server::JournalReader::Next::kTorn)
    log_.warn("{}: left out an incomplete record at offset {} ({})", path, reader.offset(), reader.error());
  return {};
}

Result<json::Json> read_cluster_header(const std::string& path) {
  json::Json header;
  auto read = read_cluster_file(path, [&](const json::Json& record, size_t index) {
    if (index == 0) header = record;
    return Status();
  });
  if (!read) return fail(read);
  return header;
}

Result<int> print_cluster_member(const std::string& path, const char* member) {
  auto header = read_cluster_header(path);
  if (!header) return fail(header);
  std::printf("%s\n", std::string(header->get(member).as_string()).c_str());
  return 0;
}

std::string servers_text(const json::Json& servers) {
  std::string out;
  servers.each_member([&](std::string_view id, const json::Json& address) {
    if (!out.empty()) out += ", ";
    out += fmt::format("{}(\"{}\")", id.substr(0, 4), address.as_string());
  });
  return out;
}

}  // namespace turnout::ovsdb::tool
