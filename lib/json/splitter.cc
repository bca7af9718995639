// Finds the ends of values in unframed JSON text.
#include <array>

#include "lib/json/json.h"

namespace turnout::json {

namespace {

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

// The bytes that mean something to this scanner, outside of strings and inside.
constexpr std::array<bool, 256> marks(std::string_view bytes) {
  std::array<bool, 256> table{};
  for (const char c : bytes) table[static_cast<unsigned char>(c)] = true;
  return table;
}
constexpr auto kOutside = marks("\"{}[]"), kInside = marks("\"\\");

// The next byte at or behind `at` that is marked, or the end.
size_t skip(std::string_view bytes, size_t at, const std::array<bool, 256>& table) {
  while (at < bytes.size() && !table[static_cast<unsigned char>(bytes[at])]) ++at;
  return at;
}

}  // namespace

// Moves past what belongs to the value that has begun; true when it ends at *at.
bool Splitter::scan(std::string_view bytes, size_t* at) {
  size_t i = *at;
  if (escaped_ && i < bytes.size()) {
    escaped_ = false;
    ++i;
  }
  for (i = skip(bytes, i, in_string_ ? kInside : kOutside); i < bytes.size(); i = skip(bytes, i, in_string_ ? kInside : kOutside)) {
    const char c = bytes[i++];
    if (c == '"') {
      in_string_ = !in_string_;
    } else if (c == '\\') {
      escaped_ = i == bytes.size();
      if (!escaped_) ++i;
    } else if (c == '{' || c == '[') {
      ++depth_;
    } else if (--depth_ == 0) {
      *at = i;
      return true;
    }
  }
  *at = i;
  return false;
}

Status Splitter::feed(std::string_view bytes, const std::function<void(std::string_view)>& complete) {
  for (size_t at = 0; at < bytes.size();) {
    size_t start = at;  // of the value in progress, within bytes
    if (depth_ == 0) {
      if (is_space(bytes[at])) {
        ++at;
        continue;
      }
      if (bytes[at] != '{' && bytes[at] != '[') return fail("syntax error at beginning of input");
      depth_ = 1;
      ++at;
    }
    const bool whole = scan(bytes, &at);
    const std::string_view part = bytes.substr(start, at - start);
    if (partial_.size() + part.size() > max_size_) return fail("message is too large");
    if (!whole) {
      partial_ += part;
    } else if (partial_.empty()) {
      complete(part);
    } else {
      std::string value = std::move(partial_);
      partial_.clear();
      value += part;
      complete(value);
    }
  }
  return {};
}

}  // namespace turnout::json
