// dpctl normalize-actions: what a list of actions comes to for a packet of a given flow, so that two lists can be compared.
// Actions are grouped by the tags that the packet bears when they run, and outputs that follow one another are sorted.
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <map>

#include "lib/base/strings.h"
#include "lib/datapath/action_text.h"
#include "lib/datapath/attribute_text.h"
#include "lib/datapath/dpctl_words.h"
#include "lib/datapath/key_text.h"
#include "lib/datapath/sub_field_text.h"
#include "lib/datapath/tunnel_text.h"
#include "lib/net/headers.h"

namespace turnout::datapath {
namespace {

// Outermost first; tags beyond what a key has room for are forgotten.
struct Tags {
  std::vector<std::pair<Be16, Be16>> tags;       // TPID and TCI
  void push(const PushVlan& a) {
    tags.insert(tags.begin(), {a.tpid, a.tci});
    tags.resize(std::min<size_t>(tags.size(), flow::kVlanTags));
  }
  void pop() {
    if (!tags.empty() && tags.front().second & Be16{flow::kVlanPresent}) tags.erase(tags.begin());
  }
  friend auto operator<=>(const Tags&, const Tags&) = default;
};

std::string tags_text(const Tags& tags) {
  if (tags.tags.empty()) return "no vlan: ";
  std::string text;
  for (const auto& [tpid, tci] : tags.tags) {
    text += "vlan(";
    if (tpid.host() != net::kEthTypeVlan) text += fmt::format("tpid=0x{:04x},", tpid.host());
    text += fmt::format("vid={},pcp={}): ", tci.host() & 0xfff, tci.host() >> 13);
  }
  return text;
}

std::string mpls_text(const flow::FlowKey& key) {
  if (key.eth_type != Be16{net::kEthTypeMpls} && key.eth_type != Be16{net::kEthTypeMplsMulticast}) return "no mpls: ";
  const uint32_t entry = key.mpls[0].host();
  return fmt::format("mpls(label={},tc={},ttl={}): ", entry >> 12, entry >> 9 & 7, entry & 0xff);
}

void sort_outputs(ActionList& actions) {
  const auto is_output = [](const Action& a) { return std::holds_alternative<Output>(a); };
  for (auto from = actions.begin(); from != actions.end();) {
    from = std::find_if(from, actions.end(), is_output);
    const auto to = std::find_if_not(from, actions.end(), is_output);
    std::sort(from, to, [](const Action& a, const Action& b) { return std::get<Output>(a).port < std::get<Output>(b).port; });
    from = to;
  }
}

// The flow as it was given, in its own order, each attribute with all its members. The text is known to be good.
class FlowEcho {
 public:
  explicit FlowEcho(const flow::Match& match) : match_(match) {}

  std::string run(std::string_view text) {
    std::string out;
    for (text::skip_separators(text); !text.empty(); text::skip_separators(text)) {
      const auto attribute = text::take_named_body(text);
      if (!attribute) break;
      if (!out.empty()) out += ',';
      out += one(attribute->name, attribute->body);
    }
    return out;
  }

 private:
  std::string one(std::string_view name, std::string_view body) {
    if (name == "encap") return "encap(" + run(body) + ")";
    if (name == "vlan") return vlan();
    if (name == "eth_type") return fmt::format("eth_type(0x{:04x})", text::parse_masked(body, 0xffff).value_or(text::Masked{}).value);
    flow::FlowMask mask{};
    if (name == "tunnel") {
      TURNOUT_MASK_ALL(mask, tunnel);
      leave_out_absent_options(match_.key.tunnel, mask.tunnel);
      std::string text = "tunnel(";
      append_tunnel(text, match_.key, mask, false);
      return text + ")";
    }
    const AttributeRow* row = find_attribute(name);
    std::string text;
    if (row) {
      fill_attribute(*row, mask);
      append_attribute(text, *row, match_.key, mask, false);
    }
    return text;
  }

  std::string vlan() {
    const uint16_t tci = tags_ < flow::kVlanTags ? match_.key.vlans[tags_++].tci.host() : 0;
    return fmt::format("vlan(vid={},pcp={}{})", tci & 0xfff, tci >> 13, tci & flow::kVlanPresent ? "" : ",cfi=0");
  }

  const flow::Match& match_;
  size_t tags_ = 0;
};

}  // namespace

DpctlAnswer dpctl_normalize_actions(const DpctlContext& context, const DpctlOptions&, DpctlArgs args) {
  DpctlOutput out(context);
  const auto match = args[0].find('/') == std::string::npos ? parse_flow(args[0]) : fail("masks are not allowed here", EINVAL);
  if (!match) return out.fail(fmt::format("odp_flow_key_from_string ({})", match.error().message), EINVAL);
  const std::string flow = FlowEcho(*match).run(args[0]);
  out.print("input flow: " + (flow.empty() ? "<empty>" : flow) + "\n");

  const auto actions = parse_actions(args[1]);
  if (!actions) return out.fail("odp_actions_from_string", EINVAL);
  Tags tags;
  for (const flow::VlanTag& tag : match->key.vlans)
    if (tag.tpid) tags.tags.emplace_back(tag.tpid, tag.tci);
  std::map<Tags, ActionList> by_tags;
  for (const Action& action : *actions) {
    if (const auto* push = std::get_if<PushVlan>(&action)) tags.push(*push);
    else if (std::holds_alternative<PopVlan>(action)) tags.pop();
    else by_tags[tags].push_back(action);
  }
  if (actions->empty() && !trim(args[1]).empty()) by_tags[tags];      // an explicit drop
  // One behind the other without an end of line, as in the reference.
  for (auto& [state, list] : by_tags) {
    sort_outputs(list);
    out.print(tags_text(state) + mpls_text(match->key) + format_actions(list));
  }
  return out.done();
}

}  // namespace turnout::datapath
