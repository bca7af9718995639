// Writes JSON text. Own code rather than jansson's, for the shortest form of numbers and for speed.
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>

#include "lib/json/json.h"

namespace turnout::json {

namespace {

class Writer {
 public:
  explicit Writer(int style) : pretty_(style & Json::kPretty), sorted_(style & Json::kSorted) {}

  void write(const Json& v, size_t depth) {
    switch (v.kind()) {
      case Json::Kind::kNull: out += "null"; break;
      case Json::Kind::kFalse: out += "false"; break;
      case Json::Kind::kTrue: out += "true"; break;
      case Json::Kind::kInteger: number(v.as_integer()); break;
      case Json::Kind::kReal: number(v.as_real()); break;
      case Json::Kind::kString: append_quoted(out, v.as_string()); break;
      case Json::Kind::kArray: array(v, depth); break;
      case Json::Kind::kObject: object(v, depth); break;
    }
  }

  std::string out;

 private:
  void number(int64_t value) {
    char text[24];
    const auto end = std::to_chars(text, text + sizeof text, value).ptr;
    out.append(text, end);
  }
  // 15 digits where they tell the number, 17 otherwise: what was read is written the same.
  void number(double value) {
    char text[40];
    std::snprintf(text, sizeof text, "%.15g", value);
    if (std::strtod(text, nullptr) != value) std::snprintf(text, sizeof text, "%.17g", value);
    out += text;
  }
  void indent(size_t depth) {
    if (!pretty_) return;
    out += '\n';
    out.append(2 * depth, ' ');
  }
  void array(const Json& v, size_t depth) {
    out += '[';
    const size_t n = v.size();
    for (size_t i = 0; i < n; ++i) {
      if (i) out += ',';
      indent(depth + 1);
      write(v[i], depth + 1);
    }
    out += ']';
  }
  void member(std::string_view name, const Json& value, size_t depth, bool first) {
    if (!first) out += ',';
    indent(depth + 1);
    append_quoted(out, name);
    out += pretty_ ? ": " : ":";
    write(value, depth + 1);
  }
  void object(const Json& v, size_t depth) {
    out += '{';
    bool first = true;
    if (sorted_) {
      std::vector<std::string> names;
      v.each_member([&](std::string_view name, const Json&) { names.emplace_back(name); });
      std::sort(names.begin(), names.end());
      for (const auto& name : names) member(name, v.get(name), depth, std::exchange(first, false));
    } else {
      v.each_member([&](std::string_view name, const Json& value) {
        member(name, value, depth, std::exchange(first, false));
      });
    }
    out += '}';
  }

  bool pretty_, sorted_;
};

}  // namespace

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (size_t i = 0; i < text.size();) {
    size_t plain = i;
    while (plain < text.size() && text[plain] != '"' && text[plain] != '\\' &&
           static_cast<unsigned char>(text[plain]) >= 0x20) {
      ++plain;
    }
    out.append(text, i, plain - i);
    if (plain == text.size()) break;
    const char c = text[plain];
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\b': out += "\\b"; break;
      case '\f': out += "\\f"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default: {
        char escape[8];
        std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(c));
        out += escape;
      }
    }
    i = plain + 1;
  }
  out += '"';
}

std::string Json::dump(int style) const {
  Writer writer(style);
  writer.write(*this, 0);
  return std::move(writer.out);
}

}  // namespace turnout::json
