// Any bytes as a frame: extraction, composition of what it saw, and printing it.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "lib/flow/compose.h"
#include "lib/flow/extract.h"
#include "lib/flow/text.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace turnout;
  auto packet = net::PacketPool::local().allocate();
  packet->assign({data, size});
  flow::FlowKey key;
  const flow::WordMap map = flow::extract(*packet, key);
  flow::nonzero_words(key).each([&](unsigned w) {
    if (!map.test(w)) std::abort();
  });
  flow::compose(key);
  flow::format_key(key);
  return 0;
}
