// What --help prints.
#pragma once

#include <string>

namespace turnout::ovsdb::client {

std::string usage_text(const std::string& default_remote);

}  // namespace turnout::ovsdb::client
