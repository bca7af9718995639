// The userdata of a Userspace action: what comes back with the packet and says why it was sent up. Its bytes are those
// that the reference's tools print and read, so that either project's ovs-dpctl tells the other's flows. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "lib/base/endian.h"
#include "lib/base/result.h"

namespace turnout::datapath {

struct SflowCookie { uint16_t vlan_tci = 0; uint32_t output = 0; };
// Why a flow's packets go to userspace one by one: a set of reasons.
enum SlowPathReason : uint32_t {
  kSlowCfm = 1, kSlowBfd = 2, kSlowLacp = 4, kSlowStp = 8, kSlowLldp = 16, kSlowAction = 32, kSlowMatch = 64
};
struct SlowPathCookie { uint32_t reasons = 0; };
enum class SampleDirection : uint8_t { kBoth, kIngress, kEgress };
struct FlowSampleCookie {
  uint16_t probability = 0;
  uint32_t collector_set_id = 0, obs_domain_id = 0, obs_point_id = 0, output_port = 0;
  SampleDirection direction = SampleDirection::kBoth;
};
struct IpfixCookie { uint32_t output_port = 0; };
struct ControllerCookie {
  bool dont_send = false, continuation = false;
  uint16_t reason = 0;
  uint32_t recirc_id = 0;
  uint64_t rule_cookie = 0;
  uint16_t controller_id = 0, max_length = 0;
};

struct UserspaceCookie {
  uint32_t in_port = 0;                          // OpenFlow's, of the bridge below; neither has a text
  std::array<uint8_t, 16> bridge{};
  std::variant<SflowCookie, SlowPathCookie, FlowSampleCookie, IpfixCookie, ControllerCookie> what;
};
inline constexpr size_t kUserspaceCookieSize = 48;

std::vector<uint8_t> encode_cookie(const UserspaceCookie& cookie);
std::optional<UserspaceCookie> decode_cookie(std::span<const uint8_t> userdata);   // nullopt: some other userdata

// "sFlow(…)", "slow_path(…)", "flow_sample(…)", "ipfix(…)", "controller(…)".
std::string format_cookie(const UserspaceCookie& cookie);
// name is what stands in front of the parentheses, body what is inside them.
std::optional<UserspaceCookie> parse_cookie(std::string_view name, std::string_view body);

std::vector<uint8_t> slow_path_userdata(uint32_t reasons);
std::optional<uint32_t> slow_path_reasons(std::span<const uint8_t> userdata);   // nullopt: some other userdata

}  // namespace turnout::datapath
