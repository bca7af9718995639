// One connection to a database server for a program that does one thing after another: each request waits for its answer,
// what the server says unasked is kept until it is wanted, its echo requests are answered. Main thread only.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "lib/io/loop.h"
#include "lib/json/jsonrpc.h"

namespace turnout::ovsdb::client {

class Connection {
 public:
  // Connects; for a passive name ("ptcp:…") listens until a server connects.
  // Fails with `failed to connect to "NAME" (REASON)`.
  // stop: lives as long as the connection. Once a callback of the loop has set it, everything here that waits gives up.
  static Result<std::unique_ptr<Connection>> open(io::Loop& loop, const std::string& remote, const bool& stop);

  const std::string& name() const { return name_; }
  // The result of the request. Fails with "transaction returned error: JSON" or "transaction failed (REASON)".
  Result<json::Json> request(std::string_view method, json::Json params);
  // Sends and returns at once; the answer is among what receive() returns, with this id.
  json::Json send_request(std::string_view method, json::Json params);
  // The next message, in the order of arrival; none where it was stopped. Fails with "NAME: receive failed (REASON)".
  Result<std::optional<json::Message>> receive();
  // While paused nothing is read and receive() waits.
  void pause(bool paused);
  bool paused() const { return paused_; }

 private:
  Connection(io::Loop& loop, std::string name, const bool& stop) : loop_(loop), name_(std::move(name)), stop_(stop) {}
  void start(std::unique_ptr<io::Stream> stream);
  Status wait_until_connected();

  io::Loop& loop_;
  std::string name_;
  const bool& stop_;
  std::unique_ptr<json::Connection> rpc_;
  std::deque<json::Message> queue_;
  std::optional<Error> lost_;
  bool connected_ = false, paused_ = false;
  int64_t next_id_ = 0;
};

}  // namespace turnout::ovsdb::client
