// The client side of control sockets: finds a daemon, sends one command and waits for the answer.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <optional>

#include "lib/base/log.h"
#include "lib/io/daemon.h"
#include "lib/json/jsonrpc.h"
#include "lib/unixctl/unixctl.h"

namespace turnout::unixctl {

namespace {

using json::Json;
using json::Message;

// A path as it is; a program name through its pid file.
Result<std::string> socket_path(std::string_view target) {
  if (target.starts_with('/')) return std::string(target);
  const std::string pidfile = io::in_run_dir(std::string(target) + ".pid");
  const auto pid = io::Daemon::read_pidfile(pidfile);
  if (!pid) {
    const std::string said = pid.error().message;
    const size_t reason = said.rfind(": ");
    return fail(fmt::format("cannot read pidfile \"{}\" ({})", pidfile,
                            reason == std::string::npos ? said : said.substr(reason + 2)), pid.error().code);
  }
  return io::in_run_dir(fmt::format("{}.{}.ctl", target, *pid));
}

// One conversation. Requests go out one by one; the loop runs until the last is answered.
struct Call {
  io::Loop loop;
  std::unique_ptr<json::Connection> connection;
  std::optional<Message> answer;
  std::optional<Error> ended;
  bool connected = false;

  Status connect(const std::string& path) {
    auto stream = io::Stream::connect(loop, "unix:" + path);
    if (!stream) return fail(stream);
    json::Connection::Handler handler;
    handler.connected = [this] { connected = true; };
    handler.received = [this](Message message) { answer = std::move(message); };
    handler.closed = [this](const Error& error) { ended = error; };
    connection = std::make_unique<json::Connection>(std::move(*stream), std::move(handler));
    return {};
  }

  // False when the time is over.
  bool exchange(std::string_view method, const Json& params, int id, std::optional<Duration> timeout) {
    answer.reset();
    connection->send(Message::request(std::string(method), params, id));
    return loop.run_until([this] { return answer || ended; }, timeout);
  }
};

std::string describe(const Error& error) { return error.message.empty() ? "End of file" : error.message; }

std::string text_of(const Json& value) {
  return value.is_string() ? std::string(value.as_string()) : value.dump(Json::kSorted);
}

}  // namespace

Result<Answer> call(std::string_view target, std::string_view command, Args args, int timeout_s,
                    std::string_view format) {
  const auto path = socket_path(target);
  if (!path) return fail(path);
  Call conversation;
  if (auto status = conversation.connect(*path); !status) return fail(status);
  std::optional<Duration> timeout;
  if (timeout_s > 0) timeout = std::chrono::seconds(timeout_s);
  const auto failure = [&](bool in_time) -> std::optional<Error> {
    if (!in_time) return Error(fmt::format("{}: transaction error (Connection timed out)", target), ETIMEDOUT);
    if (conversation.answer) return std::nullopt;
    const Error& ended = *conversation.ended;
    if (!conversation.connected) {
      return Error(fmt::format("cannot connect to \"{}\" ({})", *path, describe(ended)), ended.code);
    }
    return Error(fmt::format("{}: transaction error ({})", target, describe(ended)), ended.code);
  };
  if (format != "text") {
    const Json options = Json::array({"--format", std::string(format)});
    if (auto error = failure(conversation.exchange("set-options", options, 0, timeout))) {
      return fail(error->message, error->code);
    }
    if (conversation.answer->type != Message::Type::kReply) return Answer{false, text_of(conversation.answer->error), {}};
  }
  Json params = Json::array();
  for (const std::string& word : args) params.append(word);
  if (auto error = failure(conversation.exchange(command, params, 1, timeout))) return fail(error->message, error->code);
  const Message& answer = *conversation.answer;
  if (answer.type == Message::Type::kError) return Answer{false, text_of(answer.error), {}};
  return Answer{true, text_of(answer.result), answer.result};
}

}  // namespace turnout::unixctl
