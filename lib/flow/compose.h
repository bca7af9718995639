// A frame that has the headers a FlowKey describes: lengths and checksums are correct, the payload is counted bytes.
// For netdev-dummy/receive, ofproto/trace and packet-out of packets written as flows. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "lib/flow/key.h"

namespace turnout::flow {

// length: of the transport payload (`--len`); absent: the shortest sensible one. Extracting the frame gives the key
// back for every field that is in the frame, except where the key contradicts itself.
std::vector<uint8_t> compose(const FlowKey& key, std::optional<size_t> length = {});

}  // namespace turnout::flow
