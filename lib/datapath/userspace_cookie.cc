// See userspace_cookie.h. The first two bytes are the kind, at 4 the port, at 8 the bridge, from 24 on what the kind says;
// integers are in host order but for a rule's cookie and a VLAN tag.
#include "lib/datapath/userspace_cookie.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "lib/datapath/sub_field_text.h"

namespace turnout::datapath {
namespace {

enum Kind : uint16_t { kSflow = 1, kSlowPath = 2, kFlowSample = 3, kIpfix = 4, kController = 5 };
constexpr size_t kPortAt = 4, kBridgeAt = 8, kBodyAt = 24;
constexpr uint16_t kVidBits = 0xfff;

constexpr flow::FlagName kReasons[] = {{"cfm", kSlowCfm},   {"bfd", kSlowBfd},       {"lacp", kSlowLacp},  {"stp", kSlowStp},
                                       {"lldp", kSlowLldp}, {"action", kSlowAction}, {"match", kSlowMatch}};
constexpr uint32_t kAllReasons = (kSlowMatch << 1) - 1;

template <typename... F>
struct Cases : F... { using F::operator()...; };

class Bytes {
 public:
  template <typename T>
  void put(size_t at, T value) { std::memcpy(bytes_.data() + at, &value, sizeof value); }
  std::vector<uint8_t> take() { return std::move(bytes_); }

 private:
  std::vector<uint8_t> bytes_ = std::vector<uint8_t>(kUserspaceCookieSize);
};

template <typename T>
T at(std::span<const uint8_t> bytes, size_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

std::string reasons_text(uint32_t reasons) {
  std::string text;
  for (const auto& r : kReasons)
    if (reasons & r.bit) text += (text.empty() ? "" : ",") + std::string(r.name);
  if (const uint32_t others = reasons & ~kAllReasons) text += (text.empty() ? "" : ",") + fmt::format("{:#x}", others);
  return text.empty() ? "0" : text;
}

// Names with bars between them, or with commas as they are printed, or a number.
std::optional<uint32_t> parse_reasons(std::string_view body) {
  if (body.empty()) return 0;
  if (const auto number = parse_unsigned(body)) return *number <= kAllReasons ? std::optional(static_cast<uint32_t>(*number)) : std::nullopt;
  std::string names(body);
  std::ranges::replace(names, ',', '|');
  const auto flags = text::parse_flags(names, kAllReasons, kReasons);
  return flags && flags->mask == kAllReasons ? std::optional(static_cast<uint32_t>(flags->value)) : std::nullopt;
}

// The numbers of "NAME=VALUE,…" with all of the names, in this order.
class Numbers {
 public:
  explicit Numbers(std::string_view body) : left_(body) {}
  template <typename T>
  Numbers& take(std::string_view name, T& to, bool hexadecimal = false) {
    const size_t end = left_.find(',');
    const std::string_view item = left_.substr(0, end);
    left_.remove_prefix(end == std::string_view::npos ? left_.size() : end + 1);
    if (!item.starts_with(name) || item.size() <= name.size() || item[name.size()] != '=') return fail();
    std::string value(item.substr(name.size() + 1));
    if (hexadecimal && !value.starts_with("0x")) value.insert(0, "0x");
    const auto number = parse_unsigned(value);
    if (!number || *number > std::numeric_limits<T>::max()) return fail();
    to = static_cast<T>(*number);
    return *this;
  }
  std::string_view left() const { return left_; }
  bool ok() const { return ok_; }

 private:
  Numbers& fail() {
    ok_ = false;
    return *this;
  }
  std::string_view left_;
  bool ok_ = true;
};

std::optional<UserspaceCookie> parse_sflow(std::string_view body) {
  SflowCookie c;
  uint16_t vid = 0, pcp = 0;
  const Numbers n = Numbers(body).take("vid", vid).take("pcp", pcp).take("output", c.output);
  if (!n.ok() || !n.left().empty() || vid > kVidBits || pcp > 7) return std::nullopt;
  c.vlan_tci = static_cast<uint16_t>(pcp << 13 | vid);
  return UserspaceCookie{.what = c};
}

std::optional<UserspaceCookie> parse_flow_sample(std::string_view body) {
  FlowSampleCookie c;
  const Numbers n = Numbers(body).take("probability", c.probability).take("collector_set_id", c.collector_set_id)
                        .take("obs_domain_id", c.obs_domain_id).take("obs_point_id", c.obs_point_id).take("output_port", c.output_port);
  if (n.left() == "ingress") c.direction = SampleDirection::kIngress;
  else if (n.left() == "egress") c.direction = SampleDirection::kEgress;
  else if (!n.left().empty()) return std::nullopt;
  return n.ok() ? std::optional(UserspaceCookie{.what = c}) : std::nullopt;
}

std::optional<UserspaceCookie> parse_controller(std::string_view body) {
  ControllerCookie c;
  uint16_t dont_send = 0, continuation = 0;
  const Numbers n = Numbers(body).take("reason", c.reason).take("dont_send", dont_send).take("continuation", continuation)
                        .take("recirc_id", c.recirc_id).take("rule_cookie", c.rule_cookie, true)
                        .take("controller_id", c.controller_id).take("max_len", c.max_length);
  c.dont_send = dont_send != 0;
  c.continuation = continuation != 0;
  return n.ok() && n.left().empty() ? std::optional(UserspaceCookie{.what = c}) : std::nullopt;
}

}  // namespace

std::vector<uint8_t> encode_cookie(const UserspaceCookie& cookie) {
  Bytes out;
  out.put(kPortAt, cookie.in_port);
  out.put(kBridgeAt, cookie.bridge);
  std::visit(Cases{[&](const SflowCookie& c) {
                     out.put<uint16_t>(0, kSflow);
                     out.put(kBodyAt, Be16{c.vlan_tci});
                     out.put(kBodyAt + 4, c.output);
                   },
                   [&](const SlowPathCookie& c) {
                     out.put<uint16_t>(0, kSlowPath);
                     out.put(kBodyAt + 4, c.reasons);
                   },
                   [&](const FlowSampleCookie& c) {
                     out.put<uint16_t>(0, kFlowSample);
                     out.put(kBodyAt, c.probability);
                     out.put(kBodyAt + 4, c.collector_set_id);
                     out.put(kBodyAt + 8, c.obs_domain_id);
                     out.put(kBodyAt + 12, c.obs_point_id);
                     out.put(kBodyAt + 16, c.output_port);
                     out.put(kBodyAt + 20, static_cast<uint32_t>(c.direction));
                   },
                   [&](const IpfixCookie& c) {
                     out.put<uint16_t>(0, kIpfix);
                     out.put(kBodyAt, c.output_port);
                   },
                   [&](const ControllerCookie& c) {
                     out.put<uint16_t>(0, kController);
                     out.put<uint8_t>(kBodyAt, c.dont_send);
                     out.put<uint8_t>(kBodyAt + 1, c.continuation);
                     out.put(kBodyAt + 2, c.reason);
                     out.put(kBodyAt + 4, c.recirc_id);
                     out.put(kBodyAt + 8, Be64{c.rule_cookie});
                     out.put(kBodyAt + 16, c.controller_id);
                     out.put(kBodyAt + 18, c.max_length);
                   }},
             cookie.what);
  return out.take();
}

std::optional<UserspaceCookie> decode_cookie(std::span<const uint8_t> u) {
  if (u.size() != kUserspaceCookieSize) return std::nullopt;
  UserspaceCookie cookie;
  cookie.in_port = at<uint32_t>(u, kPortAt);
  cookie.bridge = at<std::array<uint8_t, 16>>(u, kBridgeAt);
  switch (at<uint16_t>(u, 0)) {
    case kSflow: cookie.what = SflowCookie{at<Be16>(u, kBodyAt).host(), at<uint32_t>(u, kBodyAt + 4)}; return cookie;
    case kSlowPath: cookie.what = SlowPathCookie{at<uint32_t>(u, kBodyAt + 4)}; return cookie;
    case kFlowSample: {
      const auto direction = at<uint32_t>(u, kBodyAt + 20);
      cookie.what = FlowSampleCookie{at<uint16_t>(u, kBodyAt),      at<uint32_t>(u, kBodyAt + 4),
                                     at<uint32_t>(u, kBodyAt + 8),  at<uint32_t>(u, kBodyAt + 12),
                                     at<uint32_t>(u, kBodyAt + 16), direction <= 2 ? static_cast<SampleDirection>(direction) : SampleDirection::kBoth};
      return cookie;
    }
    case kIpfix: cookie.what = IpfixCookie{at<uint32_t>(u, kBodyAt)}; return cookie;
    case kController:
      cookie.what = ControllerCookie{u[kBodyAt] != 0, u[kBodyAt + 1] != 0, at<uint16_t>(u, kBodyAt + 2), at<uint32_t>(u, kBodyAt + 4),
                                     at<Be64>(u, kBodyAt + 8).host(), at<uint16_t>(u, kBodyAt + 16), at<uint16_t>(u, kBodyAt + 18)};
      return cookie;
  }
  return std::nullopt;
}

std::string format_cookie(const UserspaceCookie& cookie) {
  return std::visit(
      Cases{[](const SflowCookie& c) {
              return fmt::format("sFlow(vid={},pcp={},output={})", c.vlan_tci & kVidBits, c.vlan_tci >> 13, c.output);
            },
            [](const SlowPathCookie& c) { return "slow_path(" + reasons_text(c.reasons) + ")"; },
            [](const FlowSampleCookie& c) {
              static constexpr const char* kDirections[] = {"", ",ingress", ",egress"};
              return fmt::format("flow_sample(probability={},collector_set_id={},obs_domain_id={},obs_point_id={},output_port={}{})",
                                 c.probability, c.collector_set_id, c.obs_domain_id, c.obs_point_id, c.output_port,
                                 kDirections[static_cast<size_t>(c.direction)]);
            },
            [](const IpfixCookie& c) { return fmt::format("ipfix(output_port={})", c.output_port); },
            [](const ControllerCookie& c) {
              return fmt::format("controller(reason={},dont_send={:d},continuation={:d},recirc_id={},rule_cookie={},controller_id={},max_len={})",
                                 c.reason, c.dont_send, c.continuation, c.recirc_id, text::alternate_hex(c.rule_cookie),
                                 c.controller_id, c.max_length);
            }},
      cookie.what);
}

std::optional<UserspaceCookie> parse_cookie(std::string_view name, std::string_view body) {
  if (name == "sFlow") return parse_sflow(body);
  if (name == "flow_sample") return parse_flow_sample(body);
  if (name == "controller") return parse_controller(body);
  if (name == "slow_path") {
    const auto reasons = parse_reasons(body);
    return reasons ? std::optional(UserspaceCookie{.what = SlowPathCookie{*reasons}}) : std::nullopt;
  }
  if (name == "ipfix") {
    IpfixCookie c;
    const Numbers n = Numbers(body).take("output_port", c.output_port);
    return n.ok() && n.left().empty() ? std::optional(UserspaceCookie{.what = c}) : std::nullopt;
  }
  return std::nullopt;
}

std::vector<uint8_t> slow_path_userdata(uint32_t reasons) { return encode_cookie({.what = SlowPathCookie{reasons}}); }

std::optional<uint32_t> slow_path_reasons(std::span<const uint8_t> userdata) {
  const auto cookie = decode_cookie(userdata);
  const auto* slow = cookie ? std::get_if<SlowPathCookie>(&cookie->what) : nullptr;
  return slow ? std::optional(slow->reasons) : std::nullopt;
}

}  // namespace turnout::datapath
