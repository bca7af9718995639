// The one table of match fields (design decision 6): names, width, place in the key, maskability, prerequisites, OXM and
// NXM headers and text format of every field of ovs-fields(7). OpenFlow codecs, flow syntax, set-field, learn and trace
// read it. Constant data, any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "lib/flow/match.h"

namespace turnout::flow {

enum class FieldFormat : uint8_t {
  kDecimal, kHex, kEthernet, kIpv4, kIpv6, kPort16, kPort32, kFrag, kTunnelFlags, kTcpFlags, kCtState, kPacketType
};
enum class Masking : uint8_t { kNone, kBitwise };
enum class Prerequisite : uint8_t {
  kNone, kEthernet, kVlan, kArp, kIpv4, kIpv6, kIpAny, kMpls, kTcp, kUdp, kSctp, kIcmp, kIcmpv6, kNd, kNdSolicit, kNdAdvert,
  kNsh, kCt
};
// How the bits stand in the key: an integer of the machine, one in network order, plain bytes, 32-bit registers in the
// order of the machine with the most significant first, or tunnel options, whose place the TLV table decides.
enum class Storage : uint8_t { kHost, kNetwork, kBytes, kRegisters, kTunnelOption };

struct OxmHeader {
  uint16_t oxm_class = 0;     // 0 with field 0: there is none (see valid)
  uint8_t field = 0;
  bool valid = false;
  uint32_t experimenter = 0;  // of class 0xffff
};
inline constexpr uint16_t kNxmClass0 = 0x0000, kNxmClass1 = 0x0001, kOxmBasic = 0x8000, kOxmRegs = 0x8001, kOxmExperimenter = 0xffff;
inline constexpr uint32_t kExperimenterOnf = 0x4f4e4600, kExperimenterNicira = 0x00002320, kExperimenterEricsson = 0xd4;

struct Field {
  char name[18] = {};
  char alias[12] = {};        // other name, empty if none
  uint16_t bits = 0;          // significant ones
  uint16_t bytes = 0;         // on the wire
  uint16_t offset = 0;        // in FlowKey
  uint8_t storage_bytes = 0;  // of the member it is part of
  uint8_t shift = 0;          // of the lowest bit in that member
  Storage storage = Storage::kHost;
  FieldFormat format = FieldFormat::kDecimal;
  Masking masking = Masking::kNone;
  Prerequisite prerequisite = Prerequisite::kNone;
  bool writable = false;
  OxmHeader nxm, oxm;         // oxm is preferred from OpenFlow 1.2 on
};

// The value or mask of a field: network order, the first field.bytes are used, right-aligned within them.
struct FieldValue {
  std::array<uint8_t, 128> bytes{};
  uint64_t as_u64(const Field& field) const;          // the low 64 bits
  static FieldValue from_u64(const Field& field, uint64_t v);
  static FieldValue all_ones(const Field& field);     // in the significant bits
};

std::span<const Field> fields();
const Field* find_field(std::string_view name);       // by name or alias, case-insensitive
const Field* find_field(const OxmHeader& header);     // by either header

FieldValue read_field(const Field& field, const FlowKey& key);            // of a key or a mask
void write_field(const Field& field, FlowKey& key, const FieldValue& value);
// Adds value/mask to the match.
void set_field(Match& match, const Field& field, const FieldValue& value, const FieldValue& mask);
inline void set_field(Match& match, const Field& field, const FieldValue& value) {
  set_field(match, field, value, FieldValue::all_ones(field));
}
// The key says that packets have this field at all.
bool prerequisite_met(const Field& field, const FlowKey& key);

}  // namespace turnout::flow
