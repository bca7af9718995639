// Moves the parts of an attribute between a payload and a key. See key_layout.h.
#include "lib/datapath/kernel/key_layout.h"

#include <algorithm>
#include <cstring>

namespace turnout::datapath::kernel {
namespace {

using flow::FlowKey;

constexpr uint8_t kFragmentBits[] = {0, flow::kFragAny, flow::kFragAny | flow::kFragLater};   // by OVS_FRAG_TYPE_*
constexpr Be32 kLabelBits{0xfffff};

const uint8_t* at(const FlowKey& key, size_t offset) { return reinterpret_cast<const uint8_t*>(&key) + offset; }
uint8_t* at(FlowKey& key, size_t offset) { return reinterpret_cast<uint8_t*>(&key) + offset; }

uint8_t encode_fragment(uint8_t bits, What what) {
  if (what == What::kMask) return bits ? 0xff : 0;
  return bits & flow::kFragLater ? OVS_FRAG_TYPE_LATER : bits ? OVS_FRAG_TYPE_FIRST : OVS_FRAG_TYPE_NONE;
}
uint8_t decode_fragment(uint8_t value, What what) {
  if (what == What::kMask) return value ? 0xff : 0;
  return value < sizeof kFragmentBits ? kFragmentBits[value] : 0;
}

void encode_part(const Part& part, const FlowKey& key, What what, uint8_t* payload) {
  const uint8_t* from = at(key, part.key_at);
  uint8_t* to = payload + part.payload_at;
  switch (part.form) {
    case Form::kNone: return;
    case Form::kCopy: std::memcpy(to, from, part.size); return;
    case Form::kReversed: std::reverse_copy(from, from + part.size, to); return;
    case Form::kFragment: *to = encode_fragment(*from, what); return;
    case Form::kByteOfBe16: *to = from[1]; return;
    case Form::kBe16OfByte: to[0] = what == What::kMask && *from == 0xff ? 0xff : 0, to[1] = *from; return;
    case Form::kU32OfByte: {
      const uint32_t wide = *from;
      std::memcpy(to, &wide, sizeof wide);
      return;
    }
    case Form::kLabel: {
      Be32 label;
      std::memcpy(&label, from, sizeof label);
      label &= kLabelBits;
      std::memcpy(to, &label, sizeof label);
      return;
    }
  }
}

// Bits that a key never has are full in the mask of what has all the others.
void decode_part(const Part& part, const uint8_t* payload, What what, FlowKey& key) {
  const uint8_t* from = payload + part.payload_at;
  uint8_t* to = at(key, part.key_at);
  const bool mask = what == What::kMask;
  switch (part.form) {
    case Form::kNone: return;
    case Form::kCopy: std::memcpy(to, from, part.size); return;
    case Form::kReversed: std::reverse_copy(from, from + part.size, to); return;
    case Form::kFragment: *to = decode_fragment(*from, what); return;
    case Form::kByteOfBe16: to[0] = mask && *from == 0xff ? 0xff : 0, to[1] = *from; return;
    case Form::kBe16OfByte: *to = from[1]; return;
    case Form::kU32OfByte: {
      uint32_t wide;
      std::memcpy(&wide, from, sizeof wide);
      *to = static_cast<uint8_t>(wide);
      return;
    }
    case Form::kLabel: {
      Be32 label;
      std::memcpy(&label, from, sizeof label);
      if (mask && label == kLabelBits) label = ~Be32{};
      std::memcpy(to, &label, sizeof label);
      return;
    }
  }
}

}  // namespace

void encode_row(const Layout& layout, const FlowKey& key, What what, uint8_t* payload) {
  for (const Part& part : layout.parts) encode_part(part, key, what, payload);
}

void decode_row(const Layout& layout, const uint8_t* payload, What what, FlowKey& key) {
  for (const Part& part : layout.parts) decode_part(part, payload, what, key);
}

const Layout* find_layout(uint16_t attribute) {
  for (const Layout& l : kMetadata)
    if (l.attribute == attribute) return &l;
  for (const Layout& l : kNetwork)
    if (l.attribute == attribute) return &l;
  return nullptr;
}

}  // namespace turnout::datapath::kernel
