// Words and escapes of command-line values.
#include "lib/ovsdb/text_token.h"

#include <cstdint>
#include <optional>

#include <fmt/format.h>

#include "lib/base/strings.h"

namespace turnout::ovsdb {

namespace {
bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
}  // namespace

void skip_spaces(std::string_view* text) {
  while (!text->empty() && is_space((*text)[0])) text->remove_prefix(1);
}

bool is_text_delimiter(char c) { return is_space(c) || std::string_view(":=,[]{}!<>").find(c) != std::string_view::npos; }

Result<std::string_view> take_token(std::string_view* text) {
  bool quoted = false;
  size_t i = 0;
  for (; i < text->size(); i++) {
    char c = (*text)[i];
    if (quoted && c == '\\' && i + 1 < text->size()) i++;
    else if (c == '"') quoted = !quoted;
    else if (!quoted && is_text_delimiter(c)) break;
  }
  if (quoted) return fail(fmt::format("{}: quoted string extends past end of argument", *text));
  std::string_view token = text->substr(0, i);
  text->remove_prefix(i);
  return token;
}

namespace {

std::optional<uint32_t> hex4(std::string_view text) {
  if (text.size() < 4) return std::nullopt;
  uint32_t v = 0;
  for (char c : text.substr(0, 4)) {
    const int digit = hex_digit(c);
    if (digit < 0) return std::nullopt;
    v = v << 4 | static_cast<uint32_t>(digit);
  }
  return v;
}

void append_utf8(std::string* out, uint32_t c) {
  if (c < 0x80) {
    *out += static_cast<char>(c);
    return;
  }
  int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
  static constexpr unsigned char kLead[] = {0, 0xc0, 0xe0, 0xf0};
  *out += static_cast<char>(kLead[more] | (c >> (6 * more)));
  while (more--) *out += static_cast<char>(0x80 | ((c >> (6 * more)) & 0x3f));
}

// \uXXXX, possibly a pair of them; *i stands on the first digit and moves past the last.
bool unicode_escape(std::string_view text, size_t* i, std::string* out, std::string* problem) {
  *problem = text.size() - *i < 4 ? "quoted string ends within \\u escape" : "malformed \\u escape";
  auto first = hex4(text.substr(*i));
  if (!first) return false;
  *i += 4;
  uint32_t c = *first;
  if (c >= 0xd800 && c < 0xdc00) {
    auto second = text.substr(*i, 2) == "\\u" ? hex4(text.substr(*i + 2)) : std::nullopt;
    *problem = "malformed escaped surrogate pair";
    if (!second) return false;
    *problem = "second half of escaped surrogate pair is not trailing surrogate";
    if (*second < 0xdc00 || *second > 0xdfff) return false;
    c = 0x10000 + ((c - 0xd800) << 10) + (*second - 0xdc00);
    *i += 6;
  }
  *problem = "null bytes not supported in quoted strings";
  if (c == 0) return false;
  append_utf8(out, c);  // of a lone second half this is no UTF-8, which the caller finds out
  return true;
}

}  // namespace

bool unescape(std::string_view text, std::string* out, std::string* problem) {
  static constexpr std::string_view kNames = "\"\\/bfnrt", kMeans = "\"\\/\b\f\n\r\t";
  for (size_t i = 0; i < text.size();) {
    char c = text[i++];
    if (c == '"') {
      *problem = "quoted string may not include unescaped \"";
      return false;
    }
    if (c != '\\') {
      *out += c;
      continue;
    }
    if (i == text.size()) {
      *problem = "quoted string may not end with backslash";
      return false;
    }
    char name = text[i++];
    if (name == 'u') {
      if (!unicode_escape(text, &i, out, problem)) return false;
    } else if (size_t at = kNames.find(name); at != std::string_view::npos) {
      *out += kMeans[at];
    } else {
      *problem = fmt::format("bad escape \\{}", name);
      return false;
    }
  }
  return true;
}

std::string invalid_utf8(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    auto byte = [&](size_t at) { return static_cast<unsigned char>(text[at]); };
    unsigned char lead = byte(i);
    size_t more = lead < 0x80 ? 0 : lead >= 0xc2 && lead < 0xe0 ? 1 : lead >= 0xe0 && lead < 0xf0 ? 2 : lead >= 0xf0 && lead < 0xf5 ? 3 : 4;
    std::string seen = fmt::format("0x{:02x}", lead);
    if (more == 4 || lead == 0) return seen;
    for (size_t k = 1; k <= more; k++) {
      if (i + k >= text.size()) return seen;
      unsigned char c = byte(i + k);
      seen += fmt::format(" 0x{:02x}", c);
      unsigned low = k > 1 ? 0x80 : lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
      unsigned high = k > 1 ? 0xbf : lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
      if (c < low || c > high) return seen;
    }
    i += more + 1;
  }
  return "";
}

}  // namespace turnout::ovsdb
