// Numbers that name things, each kind a type of its own, so that a port number of one space is never used in another.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace turnout {

template <typename Tag, typename T>
struct StrongId {
  T value{};

  constexpr StrongId() = default;
  constexpr explicit StrongId(T v) : value(v) {}
  friend constexpr auto operator<=>(StrongId, StrongId) = default;
};

// OpenFlow port number of one bridge, as OpenFlow 1.0 numbers ports (16 bits). OpenFlow 1.0 §5.2.1.
using OfPort = StrongId<struct OfPortTag, uint16_t>;
inline constexpr OfPort kOfPortMax{0xff00};
inline constexpr OfPort kOfPortInPort{0xfff8};
inline constexpr OfPort kOfPortTable{0xfff9};
inline constexpr OfPort kOfPortNormal{0xfffa};
inline constexpr OfPort kOfPortFlood{0xfffb};
inline constexpr OfPort kOfPortAll{0xfffc};
inline constexpr OfPort kOfPortController{0xfffd};
inline constexpr OfPort kOfPortLocal{0xfffe};
inline constexpr OfPort kOfPortNone{0xffff};

// Number of a port of a datapath. Port 0 is the datapath's own local device.
using DpPort = StrongId<struct DpPortTag, uint32_t>;
inline constexpr DpPort kDpPortLocal{0};
inline constexpr DpPort kDpPortNone{0xffffffff};

}  // namespace turnout

template <typename Tag, typename T>
struct std::hash<turnout::StrongId<Tag, T>> {
  size_t operator()(turnout::StrongId<Tag, T> id) const noexcept { return std::hash<T>()(id.value); }
};
