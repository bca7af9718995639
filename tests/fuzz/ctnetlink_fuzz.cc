// Netlink attributes of tracked connections and expectations: any bytes are read to their end or refused, what was read
// has a text, and its tuple writes and reads the same again.
#include <netinet/in.h>   // before the kernel's headers, which then leave its types alone

#include <linux/netfilter/nfnetlink_conntrack.h>

#include <cstdint>
#include <cstdlib>

#include "lib/datapath/conntrack_text.h"
#include "lib/datapath/kernel/ctnetlink.h"

using namespace turnout::datapath;
using namespace turnout::datapath::kernel;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::span<const uint8_t> bytes(data, size);
  if (const auto entry = decode_connection(bytes)) {
    if (format_connection(*entry, {.more = true, .statistics = true}).empty()) std::abort();
    if (format_connection(*entry, {}).empty()) std::abort();
    AttributeWriter out;
    encode_tuple(entry->orig, CTA_TUPLE_ORIG, out);
    encode_tuple(entry->reply, CTA_TUPLE_REPLY, out);
    const auto again = decode_connection(out.bytes());
    if (!again || again->orig.source != entry->orig.source || again->reply.destination != entry->reply.destination) std::abort();
  }
  if (const auto expectation = decode_expectation(bytes))
    if (format_expectation(*expectation, {.statistics = true}).empty()) std::abort();
  (void)parse_ct_tuple({reinterpret_cast<const char*>(data), size});
  (void)parse_ct_labels({reinterpret_cast<const char*>(data), size});
  return 0;
}
