// How reals are printed: as short as reads back to the same value.
#pragma once

#include <string>

namespace turnout::ovsdb {

std::string real_to_text(double v);   // for people: 0.5, 1e+20
std::string real_to_json(double v);   // for JSON: an integer where the value is one that fits 64 bits

}  // namespace turnout::ovsdb
