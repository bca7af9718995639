// Which connections a selection means.
#include "lib/datapath/conntrack.h"

#include <netinet/in.h>

namespace turnout::datapath {
namespace {

template <typename T>
bool agrees(const std::optional<T>& wanted, const T& value) {
  return !wanted || *wanted == value;
}

}  // namespace

std::string to_string(const CtAddress& address) {
  if (const auto* v6 = std::get_if<net::Ipv6>(&address)) return v6->to_string();
  return net::ipv4_to_string(std::get<Be32>(address));
}

bool CtTuple::is_icmp() const { return protocol == IPPROTO_ICMP || protocol == IPPROTO_ICMPV6; }

bool CtTupleMatch::matches(const CtTuple& t) const {
  if (!agrees(source, t.source) || !agrees(destination, t.destination) || !agrees(protocol, t.protocol)) return false;
  if (!t.is_icmp()) return agrees(source_port, t.source_port) && agrees(destination_port, t.destination_port);
  return agrees(icmp_id, t.icmp_id) && agrees(icmp_type, t.icmp_type) && agrees(icmp_code, t.icmp_code);
}

std::optional<CtTuple> CtTupleMatch::whole() const {
  if (!source || !destination || !protocol) return std::nullopt;
  CtTuple tuple{.source = *source, .destination = *destination, .protocol = *protocol};
  if (tuple.is_icmp()) {
    if (!icmp_id || !icmp_type || !icmp_code) return std::nullopt;
    tuple.icmp_id = *icmp_id;
    tuple.icmp_type = *icmp_type;
    tuple.icmp_code = *icmp_code;
  } else {
    if (!source_port || !destination_port) return std::nullopt;
    tuple.source_port = *source_port;
    tuple.destination_port = *destination_port;
  }
  return tuple;
}

bool CtSelection::is_everything() const {
  return !zone && orig.is_empty() && reply.is_empty() && !mark_mask && labels_mask == CtLabels{};
}

bool CtSelection::matches(const CtEntry& entry) const {
  if (!agrees(zone, entry.zone) || ((entry.mark ^ mark) & mark_mask)) return false;
  const CtLabels has = entry.labels.value_or(CtLabels{});
  for (size_t i = 0; i < has.size(); ++i)
    if ((has[i] ^ labels[i]) & labels_mask[i]) return false;
  return orig.matches(entry.orig) && reply.matches(entry.reply);
}

}  // namespace turnout::datapath
