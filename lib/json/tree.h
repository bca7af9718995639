// The values of one parsed text: nodes and strings in one arena, read only, freed together with the last Json that names
// any of them. Arrays and objects are contiguous, so that every access by position is one step; objects with many
// members carry an index of names. For lib/json's own sources; main thread of its Json.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "lib/json/json.h"

namespace turnout::json {

// One value. Sixteen bytes; of an object the items are name, value, name, value, …
struct Node {
  Json::Kind kind = Json::Kind::kNull;
  uint32_t size = 0;             // bytes of a string, items of an array, members of an object
  union {
    int64_t integer;
    double real;
    const char* text;
    const Node* items;
  };
  Node() : integer(0) {}
  std::string_view view() const { return {text, size}; }
  const Node& name(size_t i) const { return items[2 * i]; }
  const Node& value(size_t i) const { return items[2 * i + 1]; }
  const Node* find(std::string_view member) const;   // null when absent, or when this is no object
};
static_assert(sizeof(Node) == 16);

class Tree {
 public:
  // `expected` bytes are reserved at once.
  static Tree* create(size_t expected);
  void retain() { ++refs_; }
  void release() { if (--refs_ == 0) destroy(); }
  Tree(const Tree&) = delete;

  Node& root() { return root_; }
  const char* copy(std::string_view text);
  // Items of an array, or of an object of `count` members.
  Node* array(size_t count) { return count ? nodes(count) : nullptr; }
  Node* object(size_t count);
  // Puts the first `count` members in order for find() once they are filled in: of two of one name the last value takes
  // the first one's place. Returns how many remain.
  static size_t seal(Node* items, size_t count);
  static bool is_large(size_t members) { return members > kLinear; }

 private:
  friend struct Node;
  struct Chunk {
    Chunk* next;
  };
  static constexpr size_t kLinear = 12;   // members up to here are found by looking at all of them
  Tree() = default;
  void destroy();
  void* take(size_t bytes);
  Node* nodes(size_t count);

  uint32_t refs_ = 1;
  char *at_ = nullptr, *end_ = nullptr;
  Chunk* more_ = nullptr;
  size_t size_ = 0;                       // of the block that begins with this object
  size_t next_chunk_ = 0;
  Node root_;
};

// A tree of this text, or null when it is not what simdjson takes for JSON or holds what jansson would refuse.
Tree* parse_tree(std::string_view text);

}  // namespace turnout::json
