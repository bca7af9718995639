// Any text as an OpenFlow match: what is accepted prints, and prints the same when it is read again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "lib/flow/text.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace turnout;
  const auto match = flow::parse_match({reinterpret_cast<const char*>(data), size});
  if (!match) return 0;
  const std::string text = flow::format_match(*match);
  const auto again = flow::parse_match(text);
  if (again && flow::format_match(*again) != text) std::abort();
  return 0;
}
