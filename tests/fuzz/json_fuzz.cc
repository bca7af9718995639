// JSON texts, their way through the splitter in any pieces, and JSON-RPC messages.
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "lib/json/jsonrpc.h"

using namespace turnout::json;

namespace {

std::vector<std::string> split_in_pieces(std::string_view text, size_t piece) {
  std::vector<std::string> values;
  Splitter splitter(1 << 16);
  for (size_t at = 0; at < text.size(); at += piece) {
    const auto status = splitter.feed(text.substr(at, piece), [&](std::string_view v) { values.emplace_back(v); });
    if (!status) break;
  }
  return values;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (split_in_pieces(text, 1) != split_in_pieces(text, size ? size : 1)) abort();
  const auto parsed = Json::parse(text);
  if (!parsed) return 0;
  const std::string written = parsed->dump();
  const auto again = Json::parse(written);
  if (!again || again->dump() != written) abort();
  if (!Json::parse(parsed->dump(Json::kPretty | Json::kSorted))) abort();
  if (const auto message = Message::from_json(*parsed)) {
    if (!Message::from_json(message->to_json()) && message->type == Message::Type::kReply) abort();
  }
  return 0;
}
