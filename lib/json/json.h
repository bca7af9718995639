// JSON values (RFC 7159). A Json is a counted reference to a value that is shared when copied. Two kinds lie behind it: a
// value that was built here (jansson), of which mutators change the shared value, and one that was parsed (a tree in one
// arena, see tree.h), which nobody changes: the first mutator gives this Json a built copy of its own. Not thread-safe:
// all that came of one text belongs to one thread. Integers are 64-bit signed; a number that is whole is an integer
// however it was written.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/base/result.h"

struct json_t;

namespace turnout::json {

struct Node;
class Tree;

class Json {
 public:
  enum class Kind : uint8_t { kNull, kFalse, kTrue, kObject, kArray, kInteger, kReal, kString };

  Json();                                        // null
  Json(const Json&);
  Json(Json&& o) noexcept;
  Json& operator=(Json);
  ~Json();
  // Implicit on purpose: building messages reads better.
  Json(bool v);
  Json(int64_t v);
  Json(int v) : Json(int64_t{v}) {}
  Json(double v);
  Json(std::string_view v);                      // must be UTF-8, invalid bytes are replaced
  Json(const char* v) : Json(std::string_view(v)) {}
  Json(const std::string& v) : Json(std::string_view(v)) {}
  static Json object();
  static Json object(std::initializer_list<std::pair<const char*, Json>> members);
  static Json array();
  static Json array(std::initializer_list<Json> items);

  Kind kind() const;
  bool is_null() const { return kind() == Kind::kNull; }
  bool is_bool() const { return kind() == Kind::kTrue || kind() == Kind::kFalse; }
  bool is_object() const { return kind() == Kind::kObject; }
  bool is_array() const { return kind() == Kind::kArray; }
  bool is_integer() const { return kind() == Kind::kInteger; }
  bool is_real() const { return kind() == Kind::kReal; }
  bool is_number() const { return is_integer() || is_real(); }
  bool is_string() const { return kind() == Kind::kString; }

  bool as_bool() const { return kind() == Kind::kTrue; }
  int64_t as_integer() const;                    // 0 unless an integer
  double as_real() const;                        // any number, else 0
  std::string_view as_string() const;            // empty unless a string; valid while the value lives

  size_t size() const;                           // of an array or object, else 0
  Json operator[](size_t index) const;           // null when absent
  Json get(std::string_view member) const;       // null when absent
  bool has(std::string_view member) const;
  void append(Json item);
  void set(std::string_view member, Json value);
  void erase(std::string_view member);
  void each_member(const std::function<void(std::string_view, const Json&)>& f) const;  // in order of insertion
  bool operator==(const Json& other) const;
  Json deep_copy() const;

  // One value and nothing else. The error names line and column.
  static Result<Json> parse(std::string_view text);
  static Result<Json> parse_file(const std::string& path);
  enum Style { kCompact = 0, kPretty = 1, kSorted = 2 };
  std::string dump(int style = kCompact) const;  // no spaces when compact; pretty indents by two and closes on the last line

 private:
  explicit Json(json_t* owned, int);
  Json(const Node& node, Tree* tree);
  const Node& node() const { return *node_; }
  json_t* thaw() const;                          // a new built value alike, or one more reference to this one
  json_t* own();                                 // makes this a built value
  Tree* tree_;                                   // null: built
  union {
    json_t* built_;
    const Node* node_;
  };
};

// Appends `text` as a quoted JSON string (escapes as RFC 7159 wants, the rest of UTF-8 as it is).
void append_quoted(std::string& out, std::string_view text);

// Finds where one value ends in a stream of unframed values that arrives in any pieces.
class Splitter {
 public:
  // Feeds bytes; calls complete(text) for each whole top-level object or array. Fails on anything else between values
  // and when one value exceeds max_size.
  Status feed(std::string_view bytes, const std::function<void(std::string_view)>& complete);
  explicit Splitter(size_t max_size = 512u << 20) : max_size_(max_size) {}

 private:
  bool scan(std::string_view bytes, size_t* at);
  std::string partial_;
  size_t max_size_, depth_ = 0;
  bool in_string_ = false, escaped_ = false;
};

}  // namespace turnout::json
