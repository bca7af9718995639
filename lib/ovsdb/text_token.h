// Cuts command-line values into words. For lib/ovsdb's own sources.
#pragma once

#include <string>
#include <string_view>

#include "lib/base/result.h"

namespace turnout::ovsdb {

void skip_spaces(std::string_view* text);
bool is_text_delimiter(char c);     // ends an unquoted word: : = , [ ] { } ! < > and white space
// The word at the front, quotes included, moved past; empty in front of a delimiter. Fails on an open quote.
Result<std::string_view> take_token(std::string_view* text);
// What stands between the quotes of a JSON string; false with what is wrong.
bool unescape(std::string_view text, std::string* out, std::string* problem);
// The first bytes that are no UTF-8 (or zero), as "0xed 0xb0"; empty when all is well.
std::string invalid_utf8(std::string_view text);

}  // namespace turnout::ovsdb
