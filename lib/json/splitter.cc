// Finds the ends of values in unframed JSON text.
#include "lib/json/json.h"

namespace turnout::json {

namespace {
bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }
}  // namespace

Status Splitter::feed(std::string_view bytes, const std::function<void(std::string_view)>& complete) {
  size_t start = 0;  // of the value in progress, within bytes
  for (size_t i = 0; i < bytes.size(); ++i) {
    const char c = bytes[i];
    if (in_string_) {
      if (escaped_) escaped_ = false;
      else if (c == '\\') escaped_ = true;
      else if (c == '"') in_string_ = false;
      continue;
    }
    if (depth_ == 0) {
      if (is_space(c)) continue;
      if (c != '{' && c != '[') return fail("syntax error at beginning of input");
      start = i;
      depth_ = 1;
      continue;
    }
    if (c == '"') in_string_ = true;
    else if (c == '{' || c == '[') ++depth_;
    else if ((c == '}' || c == ']') && --depth_ == 0) {
      const std::string_view last = bytes.substr(start, i + 1 - start);
      if (partial_.size() + last.size() > max_size_) return fail("message is too large");
      if (partial_.empty()) {
        complete(last);
      } else {
        std::string whole = std::move(partial_);
        partial_.clear();
        whole += last;
        complete(whole);
      }
      start = i + 1;
    }
  }
  if (depth_ > 0) {
    if (partial_.size() + (bytes.size() - start) > max_size_) return fail("message is too large");
    partial_ += bytes.substr(start);
  }
  return {};
}

}  // namespace turnout::json
