// A JSON-RPC connection fed in arbitrary pieces: the same messages and the same end, however the bytes arrive.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "lib/json/jsonrpc.h"

using namespace turnout;

namespace {

// A stream whose bytes the fuzzer brings.
class FedStream : public io::Stream {
 public:
  FedStream(Handler& handler) : handler_(handler) {}
  void start(Handler handler) override { handler_ = std::move(handler); }
  void send(std::string) override {}
  size_t backlog() const override { return 0; }
  void set_reading(bool) override {}
  void close() override {}
  const std::string& name() const override { return name_; }

 private:
  Handler& handler_;
  std::string name_ = "fed";
};

// What a peer makes of these bytes, as text. Piece lengths come from `pieces`, each at least one byte.
std::string heard(std::string_view bytes, std::string_view pieces) {
  std::string log;
  bool open = true;
  io::Stream::Handler events;
  json::Connection::Handler handler;
  handler.received = [&](json::Message message) { log += message.to_json().dump() + '\n'; };
  handler.closed = [&](const Error& error) {
    log += error.message;
    open = false;
  };
  json::Connection connection(std::make_unique<FedStream>(events), std::move(handler));
  for (size_t i = 0; open && !bytes.empty(); ++i) {
    const size_t wanted = pieces.empty() ? bytes.size() : 1u + static_cast<unsigned char>(pieces[i % pieces.size()]);
    const std::string piece(bytes.substr(0, wanted));
    bytes.remove_prefix(piece.size());
    events.received(piece);
  }
  return log;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  // The first bytes cut the rest into pieces.
  const std::string_view pieces = input.substr(0, std::min<size_t>(size, 4)), bytes = input.substr(pieces.size());
  const std::string whole = heard(bytes, {});
  if (heard(bytes, pieces) != whole || heard(bytes, std::string_view("\0", 1)) != whole) abort();
  return 0;
}
