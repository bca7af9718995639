// OpenFlow actions as text, ovs-actions(7).
#include <fmt/format.h>

#include "vswitchd/ofproto/action.h"

namespace turnout::ofproto {
namespace {

std::string text(const OutputAction& output) {
  switch (output.port.value) {
    case kOfPortInPort.value: return "IN_PORT";
    case kOfPortTable.value: return "TABLE";
    case kOfPortNormal.value: return "NORMAL";
    case kOfPortFlood.value: return "FLOOD";
    case kOfPortAll.value: return "ALL";
    case kOfPortController.value: return fmt::format("CONTROLLER:{}", output.max_length);
    case kOfPortLocal.value: return "LOCAL";
    case kOfPortNone.value: return "output:NONE";
    default: return fmt::format("output:{}", output.port.value);
  }
}
std::string text(const MissToController&) { return "controller(reason=)"; }

}  // namespace

std::string actions_text(const ActionList& actions) {
  std::string result;
  for (const Action& action : actions) {
    if (!result.empty()) result += ',';
    result += std::visit([](const auto& a) { return text(a); }, action);
  }
  return result.empty() ? "drop" : result;
}

}  // namespace turnout::ofproto
