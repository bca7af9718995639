// What a module can do, found out by flows that no packet matches: put with OVS_FLOW_ATTR_PROBE, which keeps the kernel's
// log quiet, read back and deleted. <linux/openvswitch.h>. Blocking, a few milliseconds.
#pragma once

#include <cstdint>
#include <string_view>

#include "lib/datapath/features.h"
#include "lib/datapath/kernel/families.h"

namespace turnout::datapath::kernel {

// EINVAL, EOVERFLOW and ERANGE mean that it cannot; of other failures a warning tells, and they count as no.
Features probe_features(Connection& kernel, int dp_ifindex, std::string_view datapath_name);

}  // namespace turnout::datapath::kernel
