// The text of ovs-dpctl --help.
#pragma once

#include <string>

namespace turnout::dpctl {

std::string usage();

}  // namespace turnout::dpctl
