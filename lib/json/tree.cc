// The arena of a parsed text, and look-up of members.
#include "lib/json/tree.h"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <functional>
#include <new>
#include <utility>

namespace turnout::json {

namespace {

// The index of a large object: a node in front of the items that names a table of positions + 1, a power of two long.
size_t slots_for(size_t members) { return std::bit_ceil(members * 2); }
uint32_t* slots_of(const Node* items) { return reinterpret_cast<uint32_t*>(const_cast<char*>(items[-1].text)); }

// The slot where a name is, or where it would be put.
uint32_t& slot_of(const Node* items, size_t slots, std::string_view name) {
  uint32_t* table = slots_of(items);
  for (size_t at = std::hash<std::string_view>()(name);; ++at) {
    uint32_t& slot = table[at & (slots - 1)];
    if (!slot || items[2 * (slot - 1)].view() == name) return slot;
  }
}

void* allocate(size_t bytes) {
  void* memory = std::malloc(bytes);
  if (!memory) std::abort();
  return memory;
}

}  // namespace

const Node* Node::find(std::string_view member) const {
  if (kind != Json::Kind::kObject) return nullptr;
  // A large object whose repeated names went may be small now; its table is where it was.
  if (items && size > Tree::kLinear) {
    const uint32_t slot = slot_of(items, items[-1].size, member);
    return slot ? &items[2 * (slot - 1) + 1] : nullptr;
  }
  for (size_t i = 0; i < size; ++i)
    if (name(i).view() == member) return &value(i);
  return nullptr;
}

namespace {

// The memory of the last small tree that went, for the next one: one message or record follows another, and the allocator
// would join and split what lies around such a block each time.
struct Spare {
  static constexpr size_t kMost = 16 * 1024;
  void* memory = nullptr;
  size_t size = 0;
  ~Spare() { std::free(memory); }

  // Null where it does not fit, or would be wasted on something that may stay for long.
  void* take(size_t wanted) { return memory && wanted <= size && size <= 2 * wanted ? std::exchange(memory, nullptr) : nullptr; }
  void keep(void* block, size_t block_size) {
    std::free(std::exchange(memory, block));
    size = block_size;
  }
};
thread_local Spare spare;

}  // namespace

Tree* Tree::create(size_t expected) {
  size_t size = sizeof(Tree) + expected;
  void* memory = spare.take(size);
  if (memory) size = spare.size;
  else memory = allocate(size);
  Tree* tree = new (memory) Tree;
  tree->size_ = size;
  tree->at_ = static_cast<char*>(memory) + sizeof(Tree);
  tree->end_ = static_cast<char*>(memory) + size;
  tree->next_chunk_ = std::max<size_t>(expected, 1024);
  return tree;
}

void Tree::destroy() {
  for (Chunk* chunk = more_; chunk;) {
    Chunk* next = chunk->next;
    std::free(chunk);
    chunk = next;
  }
  if (size_ <= Spare::kMost) spare.keep(this, size_);
  else std::free(this);
}

void* Tree::take(size_t bytes) {
  if (bytes > static_cast<size_t>(end_ - at_)) {
    const size_t size = std::max(next_chunk_, bytes);
    auto* chunk = static_cast<Chunk*>(allocate(sizeof(Chunk) + sizeof(Node) + size));
    chunk->next = std::exchange(more_, chunk);
    at_ = reinterpret_cast<char*>(chunk + 1);
    end_ = at_ + size + sizeof(Node);
    next_chunk_ *= 2;
  }
  return std::exchange(at_, at_ + bytes);
}

const char* Tree::copy(std::string_view text) {
  if (text.empty()) return "";
  auto* bytes = static_cast<char*>(take(text.size()));
  std::memcpy(bytes, text.data(), text.size());
  return bytes;
}

Node* Tree::nodes(size_t count) {
  const size_t misplaced = reinterpret_cast<uintptr_t>(at_) % alignof(Node);
  const size_t padding = misplaced ? alignof(Node) - misplaced : 0;
  if (padding && padding <= static_cast<size_t>(end_ - at_)) at_ += padding;
  else if (padding) at_ = end_;
  auto* made = static_cast<Node*>(take(count * sizeof(Node)));
  for (size_t i = 0; i < count; ++i) new (made + i) Node;
  return made;
}

Node* Tree::object(size_t count) {
  if (!is_large(count)) return array(2 * count);
  const size_t slots = slots_for(count), table_nodes = (slots * sizeof(uint32_t) + sizeof(Node) - 1) / sizeof(Node);
  Node* table = nodes(table_nodes);
  std::memset(static_cast<void*>(table), 0, slots * sizeof(uint32_t));
  Node* items = nodes(2 * count + 1) + 1;
  items[-1].text = reinterpret_cast<const char*>(table);
  items[-1].size = static_cast<uint32_t>(slots);
  return items;
}

size_t Tree::seal(Node* items, size_t count) {
  const bool indexed = is_large(count);
  size_t kept = 0;
  for (size_t i = 0; i < count; ++i) {
    const Node name = items[2 * i], value = items[2 * i + 1];
    size_t at = kept;
    if (indexed) {
      uint32_t& slot = slot_of(items, items[-1].size, name.view());
      if (slot) at = slot - 1;
      else slot = static_cast<uint32_t>(kept + 1);
    } else {
      for (at = 0; at < kept && items[2 * at].view() != name.view();) ++at;
    }
    items[2 * at] = name;
    items[2 * at + 1] = value;
    if (at == kept) ++kept;
  }
  return kept;
}

}  // namespace turnout::json
