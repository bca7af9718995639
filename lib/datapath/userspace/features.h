// What this datapath can do. Pure.
#pragma once

#include "lib/datapath/features.h"

namespace turnout::datapath {

const Features& userspace_features();

}  // namespace turnout::datapath
