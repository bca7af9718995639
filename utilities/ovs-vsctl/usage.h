// What `ovs-vsctl --help` prints.
#pragma once

#include <string>

namespace turnout::vsctl {

std::string usage_text();

}  // namespace turnout::vsctl
