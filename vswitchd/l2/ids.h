// How the l2 folder names the ports of a bridge, without knowing anything of OpenFlow or datapath ports.
#pragma once

#include "lib/base/strong_id.h"

namespace turnout::l2 {

// One Port row of one bridge: one interface, or several that are bonded. Whoever configures hands the numbers out; a
// number is not used again while the process lives, so that a late packet cannot meet a stranger under an old number.
using BundleId = StrongId<struct BundleIdTag, uint32_t>;
inline constexpr BundleId kNoBundle{0};

BundleId next_bundle_id();   // main thread

}  // namespace turnout::l2
