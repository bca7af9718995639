// Text of the NAME=VALUE[/MASK] items that keys and actions of a datapath are made of, both ways. Pure. lib/datapath only.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "lib/base/strings.h"
#include "lib/datapath/key_text_fields.h"
#include "lib/flow/flag_text.h"
#include "lib/flow/match.h"

namespace turnout::datapath::text {

// printf's %#x: no prefix in front of a zero.
std::string alternate_hex(uint64_t value);
// The same of any number of bytes, most significant first.
std::string hex_number(std::span<const uint8_t> bytes);
// Two digits a byte.
std::string hex_bytes(std::span<const uint8_t> bytes);

// A value and its mask. any: some bit is compared; exact: all are, and the mask is not printed.
struct Text { std::string value, mask; bool any, exact; };
template <typename T>
Text number(T value, T mask, T all, bool hex) {
  return {hex ? alternate_hex(value) : std::to_string(value), alternate_hex(mask), (mask & all) != 0, (mask & all) == all};
}
Text text_of(const SubField& field, const flow::FlowKey& key, const flow::FlowMask& mask);

// Appends the items of a list with commas between them. verbose: also what is not compared.
class ItemWriter {
 public:
  ItemWriter(std::string& out, bool verbose) : out_(out), verbose_(verbose) {}
  void item(std::string_view name, const Text& t, bool always = false);
  // NAME(…): the caller appends what is inside and the parenthesis.
  void begin(std::string_view name);
  bool verbose() const { return verbose_; }

 private:
  std::string& out_;
  const bool verbose_;
  bool first_ = true;
};

// NAME(BODY) at the start of a text.
struct NamedBody { std::string_view name, body; };
// Takes it off; nullopt where there is none or a parenthesis stays open.
std::optional<NamedBody> take_named_body(std::string_view& text);
// Commas and white space.
void skip_separators(std::string_view& text);

// A number and its mask (all ones up to `all` when there is none).
struct Masked { uint64_t value, mask; };
std::optional<Masked> parse_masked(std::string_view text, uint64_t all);
// A number of any width, right-aligned in `out`: hexadecimal with 0x, or decimal up to 64 bits. False: none, or too wide.
bool parse_wide(std::string_view text, std::span<uint8_t> out);
bool parse_sub(flow::Match& match, const SubField& field, std::string_view text);
bool parse_list(flow::Match& match, std::string_view body, std::span<const SubField> fields);
// `+syn-ack`, `syn|ack`, or a number with an optional mask, within `all`.
std::optional<Masked> parse_flags(std::string_view text, uint64_t all, std::span<const flow::FlagName> names);

template <typename T>
bool parse_number(std::string_view body, T& value, T& mask) {
  const auto m = parse_masked(body, static_cast<T>(~T{0}));
  if (!m) return false;
  value = static_cast<T>(m->value);
  mask = static_cast<T>(m->mask);
  return true;
}

template <typename T>
T load(const flow::FlowKey& key, size_t offset) {
  T value;
  std::memcpy(static_cast<void*>(&value), reinterpret_cast<const uint8_t*>(&key) + offset, sizeof value);
  return value;
}
template <typename T>
void store(flow::FlowKey& key, size_t offset, const T& value) {
  std::memcpy(reinterpret_cast<uint8_t*>(&key) + offset, &value, sizeof value);
}
template <typename T>
void store(flow::Match& match, size_t offset, const T& value, const T& mask) {
  store(match.key, offset, value);
  store(match.mask, offset, mask);
}

// Calls item(name, value) for each NAME=VALUE or NAME(VALUE) of a comma-separated list, the latter's value with its
// parentheses; false as soon as one is malformed.
template <typename Item>
bool each_item(std::string_view body, Item&& item) {
  while (!body.empty()) {
    size_t end = 0;
    for (int depth = 0; end < body.size() && (depth || body[end] != ','); ++end) {
      if (body[end] == '(') ++depth;
      if (body[end] == ')') --depth;
    }
    const std::string_view part = trim(body.substr(0, end));
    const size_t equals = part.find_first_of("=(");
    if (equals == std::string_view::npos) return false;
    const std::string_view value = part[equals] == '=' ? part.substr(equals + 1) : part.substr(equals);
    if (!item(part.substr(0, equals), value)) return false;
    body.remove_prefix(std::min(body.size(), end + 1));
  }
  return true;
}

}  // namespace turnout::datapath::text
