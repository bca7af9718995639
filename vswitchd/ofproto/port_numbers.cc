// The choice of OpenFlow port numbers.
#include "vswitchd/ofproto/port_numbers.h"

#include <algorithm>

namespace turnout::ofproto {

std::optional<uint16_t> PortNumbers::choose() {
  while (next_ < kOfPortMax.value && (by_number_.contains(next_) || freed_.contains(next_))) ++next_;
  if (next_ < kOfPortMax.value) return next_++;
  if (freed_.empty()) return std::nullopt;
  return std::min_element(freed_.begin(), freed_.end(),
                          [](const auto& a, const auto& b) { return a.second < b.second; })->first;
}

Result<OfPort> PortNumbers::allocate(std::string_view name, std::optional<OfPort> wanted, bool local) {
  if (by_name_.find(name) != by_name_.end()) return fail("port " + std::string(name) + " has a number already");
  std::optional<uint16_t> number;
  if (local) number = kOfPortLocal.value;
  else if (wanted && wanted->value > 0 && *wanted < kOfPortMax && !by_number_.contains(wanted->value)) number = wanted->value;
  else number = choose();
  if (!number || by_number_.contains(*number)) return fail("no OpenFlow port number is left for " + std::string(name));
  freed_.erase(*number);
  by_number_.emplace(*number, name);
  by_name_.emplace(name, *number);
  return OfPort{*number};
}

void PortNumbers::release(OfPort port) {
  auto it = by_number_.find(port.value);
  if (it == by_number_.end()) return;
  by_name_.erase(it->second);
  by_number_.erase(it);
  if (port < kOfPortMax) freed_[port.value] = ++frees_;
}

std::optional<std::string> PortNumbers::name_of(OfPort port) const {
  auto it = by_number_.find(port.value);
  if (it == by_number_.end()) return std::nullopt;
  return it->second;
}

std::optional<OfPort> PortNumbers::find(std::string_view name) const {
  auto it = by_name_.find(name);
  if (it == by_name_.end()) return std::nullopt;
  return OfPort{it->second};
}

}  // namespace turnout::ofproto
