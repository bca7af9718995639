// The text of bridge/dump-flows.
#include <fmt/format.h>

#include "vswitchd/ofproto/switch.h"

namespace turnout::ofproto {
namespace {

constexpr int32_t kDefaultPriority = 32768;      // not printed

void append(std::string& text, std::string field) {
  if (!text.empty()) text += ',';
  text += field;
}

// The fields that the switch's own rules match.
std::string match_text(const flow::Match& match) {
  std::string text;
  if (match.mask.recirc_id) append(text, fmt::format("recirc_id={}", match.key.recirc_id));
  for (size_t i = 0; i < std::size(match.mask.regs); ++i) {
    const uint32_t mask = match.mask.regs[i], value = match.key.regs[i];
    if (mask == UINT32_MAX) append(text, fmt::format("reg{}={:#x}", i, value));
    else if (mask) append(text, fmt::format("reg{}={:#x}/{:#x}", i, value, mask));
  }
  if (match.mask.in_port) append(text, fmt::format("in_port={}", match.key.in_port));
  return text;
}

std::string rule_text(const Rule& rule, TimePoint now) {
  std::string text;
  if (rule.table()) text += fmt::format("table_id={}, ", rule.table());
  text += fmt::format("duration={}s, n_packets={}, n_bytes={}, ", (now - rule.created()).count() / 1'000'000'000,
                      rule.packets(), rule.bytes());
  std::string match;
  if (rule.priority() != kDefaultPriority) match = fmt::format("priority={}", rule.priority());
  if (const std::string fields = match_text(rule.match().expand()); !fields.empty()) append(match, fields);
  if (!match.empty()) match += ',';
  return text + match + "actions=" + actions_text(rule.actions()) + "\n";
}

}  // namespace

std::string Switch::dump_flows(TimePoint now) const {
  std::string text;
  tables_->each([&](const Rule& rule) { text += rule_text(rule, now); });
  return text;
}

}  // namespace turnout::ofproto
