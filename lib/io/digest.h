// Digests of byte strings, by OpenSSL, whose headers stay in the source. Pure, any thread.
#pragma once

#include <string>
#include <string_view>

namespace turnout::io {

// SHA-1 as 40 lower-case hexadecimal digits (FIPS 180-4). An integrity check of files, not a protection.
std::string sha1_hex(std::string_view bytes);

}  // namespace turnout::io
