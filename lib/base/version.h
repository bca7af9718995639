// The release whose behaviour is promised and on which clients match.
#pragma once

#include <string_view>

namespace turnout {

inline constexpr std::string_view kPromisedRelease = "3.7.0";

}  // namespace turnout
