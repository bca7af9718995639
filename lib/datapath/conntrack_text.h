// Connections as text, as ovs-dpctl(8) shows and reads them. Pure.
#pragma once

#include <string>
#include <string_view>

#include "lib/datapath/conntrack.h"

namespace turnout::datapath {

struct CtTextOptions {
  bool more = false;             // id, status, TCP's two states and flags
  bool statistics = false;       // counters, timestamps, timeout
};
// "tcp,orig=(src=…,dst=…,sport=…,dport=…),reply=(…),protoinfo=(state=ESTABLISHED)", without a newline.
std::string format_connection(const CtEntry& entry, const CtTextOptions& options);
// The same words, of what is known of it.
std::string format_expectation(const CtExpectation& expectation, const CtTextOptions& options);

// The protocol's name, or its number.
std::string ct_protocol_name(uint8_t protocol);
std::string_view ct_tcp_state_name(CtTcpState state);
// What is shown of both directions' states together.
CtTcpState ct_tcp_state(const CtTcp& tcp);

// "ct_nw_src=10.1.1.1,ct_nw_proto=6,ct_tp_dst=80": a tuple, or a part of one. Empty matches everything.
Result<CtTupleMatch> parse_ct_tuple(std::string_view text);
// "0x3/0xff" and the like; without a mask all bits count.
struct CtLabelsMatch { CtLabels value, mask; };
std::optional<CtLabelsMatch> parse_ct_labels(std::string_view text);

}  // namespace turnout::datapath
