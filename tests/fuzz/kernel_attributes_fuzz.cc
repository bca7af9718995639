// Netlink attributes of keys, masks and actions: any bytes are read to their end or refused, and what was read writes
// and reads the same again.
#include <cstdint>
#include <cstdlib>

#include "lib/datapath/kernel/action_codec.h"
#include "lib/datapath/kernel/key_codec.h"

using namespace turnout;
using namespace turnout::datapath::kernel;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::span<const uint8_t> bytes(data, size);
  if (auto key = decode_key(bytes)) {
    AttributeWriter out;
    encode_key(*key, out);
    if (!decode_key(out.bytes())) std::abort();
    (void)decode_mask(*key, bytes);
  }
  if (auto actions = decode_actions(bytes)) {
    AttributeWriter out;
    encode_actions(*actions, 1, out);
    auto again = decode_actions(out.bytes());
    if (!again || again->size() > actions->size()) std::abort();
  }
  return 0;
}
