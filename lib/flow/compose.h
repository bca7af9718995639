// A frame that has the headers a FlowKey describes: lengths and checksums are correct, the payload is counted bytes.
// For netdev-dummy/receive, ofproto/trace and packet-out of packets written as flows. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "lib/flow/key.h"

namespace turnout::flow {

// frame_length: of the whole frame (`--len`), filled with zeros behind the headers, never shorter than them; absent: 64
// counted bytes of payload behind UDP, ICMP and TCP segments that may carry data. Extracting the frame gives the key back for
// every field that is in the frame, except where the key contradicts itself.
std::vector<uint8_t> compose(const FlowKey& key, std::optional<size_t> frame_length = {});

}  // namespace turnout::flow
