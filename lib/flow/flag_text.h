// Texts of sets of flags: `syn|ack`, `+syn-ack`, `0x12/0xff`. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace turnout::flow {

struct FlagName { const char* name; uint32_t bit; };

inline constexpr FlagName kTcpFlagNames[] = {{"fin", 1},    {"syn", 2},    {"rst", 4},     {"psh", 8},       {"ack", 0x10},   {"urg", 0x20},
                                             {"ece", 0x40}, {"cwr", 0x80}, {"ns", 0x100}, {"[200]", 0x200}, {"[400]", 0x400}, {"[800]", 0x800}};
inline constexpr FlagName kCtStateNames[] = {{"new", 1},    {"est", 2},    {"rel", 4},     {"rpl", 8},
                                             {"inv", 0x10}, {"trk", 0x20}, {"snat", 0x40}, {"dnat", 0x80}};
inline constexpr FlagName kTunnelFlagNames[] = {{"oam", 8}};

struct MaskedFlags { uint32_t value, mask; };

// Plus and minus signs for the bits of the mask.
std::string format_masked_flags(std::span<const FlagName> names, uint32_t value, uint32_t mask);
// Names joined by bars, "0" for none.
std::string format_flags(std::span<const FlagName> names, uint32_t value);
// Any of the three forms; `all` is the mask of the forms without one.
std::optional<MaskedFlags> parse_flags(std::span<const FlagName> names, std::string_view text, uint32_t all);

}  // namespace turnout::flow
