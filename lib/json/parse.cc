// Text into values: simdjson reads, a tree keeps. What simdjson refuses goes to jansson, which finds the words for it and
// takes a little more (deeper nesting); what jansson alone refuses is refused here as well.
#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <memory>

#include <simdjson.h>

#include "lib/json/tree.h"

namespace turnout::json {

namespace {

namespace dom = simdjson::dom;

// The largest whole number that a double holds exactly together with all below it.
constexpr double kMaxExact = 9007199254740992.0;
// Texts up to here share one parser and buffer; a larger one has its own, which does not outlive it.
constexpr size_t kShared = 64 * 1024;

class Builder {
 public:
  Builder(Tree& tree, bool has_escapes) : tree_(tree), has_escapes_(has_escapes) {}

  bool fill(Node& node, dom::element value) {
    switch (value.type()) {
      case dom::element_type::ARRAY: return array(node, value.get_array().value_unsafe());
      case dom::element_type::OBJECT: return object(node, value.get_object().value_unsafe());
      case dom::element_type::STRING: return string(node, value.get_string().value_unsafe());
      case dom::element_type::INT64: return integer(node, value.get_int64().value_unsafe());
      case dom::element_type::DOUBLE: return real(node, value.get_double().value_unsafe());
      case dom::element_type::BOOL:
        node.kind = value.get_bool().value_unsafe() ? Json::Kind::kTrue : Json::Kind::kFalse;
        return true;
      case dom::element_type::NULL_VALUE: return true;
      case dom::element_type::UINT64: return false;   // beyond 64 bits with a sign
    }
    return false;
  }

 private:
  bool integer(Node& node, int64_t v) {
    node.kind = Json::Kind::kInteger;
    node.integer = v;
    return true;
  }
  bool real(Node& node, double v) {
    if (std::abs(v) <= kMaxExact && std::trunc(v) == v) return integer(node, static_cast<int64_t>(v));
    node.kind = Json::Kind::kReal;
    node.real = v;
    return true;
  }
  bool string(Node& node, std::string_view v) {
    if (has_escapes_ && (has_surrogate(v) || v.find('\0') != std::string_view::npos)) return false;
    node.kind = Json::Kind::kString;
    node.size = static_cast<uint32_t>(v.size());
    node.text = tree_.copy(v);
    return true;
  }
  // An escaped surrogate without its other half. Those that stand in the text as bytes are no UTF-8 to simdjson.
  static bool has_surrogate(std::string_view v) {
    for (size_t at = 0; (at = v.find('\xed', at)) != std::string_view::npos; ++at)
      if (at + 1 < v.size() && static_cast<unsigned char>(v[at + 1]) >= 0xa0) return true;
    return false;
  }
  bool array(Node& node, dom::array values) {
    size_t count = values.size();
    if (count >= 0xffffff) {   // where simdjson's own count ends
      count = 0;
      for ([[maybe_unused]] dom::element value : values) ++count;
    }
    Node* items = tree_.array(count);
    node.kind = Json::Kind::kArray;
    node.size = static_cast<uint32_t>(count);
    node.items = items;
    for (dom::element value : values)
      if (!fill(*items++, value)) return false;
    return true;
  }
  bool object(Node& node, dom::object members) {
    size_t count = members.size();
    if (count >= 0xffffff) {
      count = 0;
      for ([[maybe_unused]] dom::key_value_pair member : members) ++count;
    }
    Node* const items = tree_.object(count);
    Node* at = items;
    for (dom::key_value_pair member : members) {
      if (member.key.find('\0') != std::string_view::npos || !string(at[0], member.key)) return false;
      if (!fill(at[1], member.value)) return false;
      at += 2;
    }
    node.kind = Json::Kind::kObject;
    node.size = static_cast<uint32_t>(Tree::seal(items, count));
    node.items = items;
    return true;
  }

  Tree& tree_;
  bool has_escapes_;
};

struct Reader {
  dom::parser parser;
  std::unique_ptr<char[]> buffer;
  size_t room = 0;

  // simdjson reads beyond the end, so the text is put where it may.
  simdjson::simdjson_result<dom::element> read(std::string_view text) {
    if (room < text.size() + simdjson::SIMDJSON_PADDING) {
      room = text.size() + simdjson::SIMDJSON_PADDING;
      buffer = std::make_unique_for_overwrite<char[]>(room);
    }
    std::copy(text.begin(), text.end(), buffer.get());   // an empty text may have no address
    std::memset(buffer.get() + text.size(), ' ', simdjson::SIMDJSON_PADDING);
    return parser.parse(buffer.get(), text.size(), false);
  }
};

}  // namespace

Tree* parse_tree(std::string_view text) {
  static thread_local Reader shared;
  std::unique_ptr<Reader> own;
  if (text.size() > kShared) own = std::make_unique<Reader>();
  dom::element root;
  if ((own ? *own : shared).read(text).get(root)) return nullptr;
  Tree* tree = Tree::create(text.size() * 2 + 256);
  const bool has_escapes = text.find('\\') != std::string_view::npos;
  if (Builder(*tree, has_escapes).fill(tree->root(), root)) return tree;
  tree->release();
  return nullptr;
}

}  // namespace turnout::json
