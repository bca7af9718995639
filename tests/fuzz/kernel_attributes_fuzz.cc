// Netlink attributes of keys, masks and actions: any bytes are read to their end or refused, and what was read writes
// and reads the same again.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "lib/datapath/action_text.h"
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
    AttributeWriter same;
    encode_actions(*again, 1, same);
    if (!std::ranges::equal(same.bytes(), out.bytes())) std::abort();
    (void)datapath::format_actions(*actions);
    (void)check_actions(*actions);
  }
  return 0;
}
