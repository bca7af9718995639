// See port.h.
#include "lib/datapath/userspace/port.h"

#include <algorithm>
#include <charconv>

namespace turnout::datapath {

PortTable::PortTable() : index_(std::make_unique<Index>()) {}
PortTable::~PortTable() = default;

void PortTable::publish() {
  auto next = std::make_unique<Index>();
  uint32_t top = 0;
  for (const auto& [number, port] : owned_)
    if (number < kLow) top = std::max(top, number + 1);
  next->low.resize(top);
  for (const auto& [number, port] : owned_) {
    if (number < kLow) next->low[number] = port.get();
    else next->high.emplace(number, port.get());
  }
  index_.publish(std::move(next));
}

Port& PortTable::add(DpPort number, std::unique_ptr<Port> port) {
  port->number = number;
  if (free_slots_.empty()) {
    port->slot = static_cast<uint32_t>(owned_.size());
  } else {
    port->slot = free_slots_.back();
    free_slots_.pop_back();
  }
  Port& added = *port;
  by_name_[added.name] = number.value;
  owned_[number.value] = std::move(port);
  publish();
  return added;
}

std::unique_ptr<Port> PortTable::remove(DpPort number) {
  auto it = owned_.find(number.value);
  if (it == owned_.end()) return nullptr;
  auto port = std::move(it->second);
  owned_.erase(it);
  by_name_.erase(port->name);
  free_slots_.push_back(port->slot);
  if (number.value) next_free_ = std::min(next_free_, number.value);
  publish();
  return port;
}

DpPort PortTable::choose(std::string_view name, PortNumbering numbering) const {
  if (numbering == PortNumbering::kByName) {
    const uint32_t base = name.starts_with("br") ? 100 : 0;
    if (const size_t digit = name.find_first_of("0123456789"); digit != name.npos) {
      uint32_t n = 0;
      const auto parsed = std::from_chars(name.data() + digit, name.data() + name.size(), n);
      if (parsed.ec == std::errc() && n <= UINT32_MAX - 1 - base && n + base && !owned_.contains(n + base))
        return DpPort{n + base};
    }
  }
  while (owned_.contains(next_free_)) ++next_free_;
  return DpPort{next_free_};
}

std::vector<Port*> PortTable::all() const {
  std::vector<Port*> ports;
  for (const auto& [number, port] : owned_) ports.push_back(port.get());
  std::sort(ports.begin(), ports.end(), [](auto* a, auto* b) { return a->number < b->number; });
  return ports;
}

bool PortTable::has_name(std::string_view name) const { return by_name_.contains(std::string(name)); }

}  // namespace turnout::datapath
