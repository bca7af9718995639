// Any text as a datapath flow or as datapath actions: what is printed of it is read again as the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "lib/datapath/action_text.h"
#include "lib/datapath/key_text.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace turnout;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto match = datapath::parse_flow(text)) {
    datapath::KeyTextOptions verbose;
    verbose.verbose = true;
    datapath::format_flow(match->key, match->mask);
    datapath::format_flow(match->key, match->mask, verbose);
    datapath::format_key(match->key);
  }
  if (const auto actions = datapath::parse_actions(text)) {
    const std::string shown = datapath::format_actions(*actions);
    const auto again = datapath::parse_actions(shown);
    if (!again || datapath::format_actions(*again) != shown) std::abort();
  }
  return 0;
}
