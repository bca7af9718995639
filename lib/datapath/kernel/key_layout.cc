// Rows that are found while the program runs. See key_layout.h.
#include "lib/datapath/kernel/key_layout.h"

namespace turnout::datapath::kernel {

void encode_row(const Layout& layout, const flow::FlowKey& key, What what, uint8_t* payload) {
  for (const Part& part : layout.parts) layout::encode_part(part, key, what, payload);
}

void decode_row(const Layout& layout, const uint8_t* payload, What what, flow::FlowKey& key) {
  for (const Part& part : layout.parts) layout::decode_part(part, payload, what, key);
}

const Layout* find_layout(uint16_t attribute) {
  for (const Layout& l : kMetadata)
    if (l.attribute == attribute) return &l;
  for (const Layout& l : kNetwork)
    if (l.attribute == attribute) return &l;
  return nullptr;
}

}  // namespace turnout::datapath::kernel
