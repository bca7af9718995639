// One JSON-RPC 1.0 connection (RFC 7047 §4) over a stream: messages out, messages in, errors closed. Main thread only.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "lib/io/stream.h"
#include "lib/json/json.h"

namespace turnout::json {

struct Message {
  enum class Type { kRequest, kNotify, kReply, kError } type = Type::kNotify;
  std::string method;   // request, notify
  Json params;          // request, notify: an array
  Json result, error;   // reply, error
  Json id;              // request, reply, error

  static Message request(std::string method, Json params, Json id);
  static Message notify(std::string method, Json params);
  static Message reply(Json result, Json id);
  static Message error_reply(Json error, Json id);
  Json to_json() const;                               // members in the order of RFC 7047's examples
  static Result<Message> from_json(const Json& json); // says what is wrong with it
};

class Connection {
 public:
  struct Handler {
    std::function<void()> connected;                  // optional
    std::function<void(Message)> received;
    std::function<void(const Error&)> closed;         // once: peer, network or a malformed message
    std::function<void()> drained;                    // the send queue became empty (optional)
  };
  // Every callback may destroy the connection.
  Connection(std::unique_ptr<io::Stream> stream, Handler handler);
  ~Connection();
  Connection(const Connection&) = delete;
  void send(const Message& message);
  void send_text(std::string json);                   // already serialised, one whole message
  size_t backlog() const;                             // bytes not yet given to the kernel
  void set_reading(bool reading);
  const std::string& name() const;
  std::string peer_common_name() const;               // of the peer's verified certificate, once connected

 private:
  struct Core;
  std::shared_ptr<Core> core_;                        // outlives a callback that destroys the connection
};

}  // namespace turnout::json
