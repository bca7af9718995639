// The server side of control sockets: connections, the register of commands, and answers that come later.
#include <unistd.h>

#include <cstring>
#include <deque>
#include <list>
#include <map>

#include "lib/base/log.h"
#include "lib/base/version.h"
#include "lib/io/daemon.h"
#include "lib/json/jsonrpc.h"
#include "lib/unixctl/unixctl.h"

namespace turnout::unixctl {

namespace {

using json::Json;
using json::Message;

Log log{"unixctl"};

std::string line_ended(std::string_view text) {
  std::string out(text);
  if (!out.empty() && out.back() != '\n') out += '\n';
  return out;
}

struct Registered {
  std::string usage;
  int min_args, max_args;
  Command command;
};

class ServerImpl;

// One client. Commands run one after the other, each when the answer to the one before is sent.
struct Client : std::enable_shared_from_this<Client> {
  ServerImpl* server;
  std::unique_ptr<json::Connection> connection;
  std::deque<Message> waiting;
  bool busy = false;     // a command has not answered yet
  bool running = false;  // run_next() is on the stack
  bool json = false;

  void received(Message message);
  void run_next();
  void run(const Message& message);
  void finish(const Json& id, bool ok, Json answer);
};

class ServerImpl : public Server {
 public:
  ServerImpl(std::string program, std::string path) : program_(std::move(program)), path_(std::move(path)) {}
  ~ServerImpl() override {
    for (auto& client : clients_) client->server = nullptr;
  }

  Status listen(io::Loop& loop) {
    auto listener = io::Listener::listen(
        loop, "punix:" + path_, [this](std::unique_ptr<io::Stream> stream) { accept(std::move(stream)); });
    if (!listener) {
      const Error& why = listener.error();
      return fail(path_ + ": could not initialize control socket (" + (why.code ? std::strerror(why.code) : why.message) + ")",
                  why.code);
    }
    listener_ = std::move(*listener);
    return {};
  }

  void add(std::string_view name, std::string_view usage, int min_args, int max_args, Command command) override {
    commands_[std::string(name)] = {std::string(usage), min_args, max_args, std::move(command)};
  }
  const std::string& path() const override { return path_; }
  const Registered* find(const std::string& name) const {
    const auto found = commands_.find(name);
    return found == commands_.end() ? nullptr : &found->second;
  }

  void list_commands(const Reply& reply) const {
    if (reply.json()) {
      Json all = Json::object();
      for (const auto& [name, entry] : commands_) all.set(name, entry.usage);
      return reply.ok_json(all);
    }
    std::string text = "The available commands are:\n";
    for (const auto& [name, entry] : commands_) text += fmt::format("  {:<23} {}\n", name, entry.usage);
    reply.ok(text);
  }
  const std::string& program() const { return program_; }

 private:
  void accept(std::unique_ptr<io::Stream> stream) {
    auto client = std::make_shared<Client>();
    client->server = this;
    clients_.push_back(client);
    const std::weak_ptr<Client> weak = client;
    json::Connection::Handler handler;
    handler.received = [weak](Message message) {
      if (const auto self = weak.lock()) self->received(std::move(message));
    };
    handler.closed = [this, weak](const Error& error) {
      const auto self = weak.lock();
      if (!self || !self->server) return;
      if (error.code) log.dbg("{}: {}", self->connection->name(), error.message);
      clients_.remove(self);
    };
    client->connection = std::make_unique<json::Connection>(std::move(stream), std::move(handler));
  }

  std::string program_, path_;
  std::map<std::string, Registered, std::less<>> commands_;
  std::list<std::shared_ptr<Client>> clients_;
  std::unique_ptr<io::Listener> listener_;
};

void Client::received(Message message) {
  if (message.type != Message::Type::kRequest) {
    log.warn("{}: received unexpected message", connection->name());
    return;
  }
  waiting.push_back(std::move(message));
  run_next();
}

void Client::run_next() {
  if (running) return;
  const auto self = shared_from_this();
  running = true;
  while (!busy && server && !waiting.empty()) {
    const Message message = std::move(waiting.front());
    waiting.pop_front();
    busy = true;
    run(message);
  }
  running = false;
  if (server) connection->set_reading(!busy);
}

void Client::finish(const Json& id, bool ok, Json answer) {
  busy = false;
  if (!server) return;
  connection->send(ok ? Message::reply(std::move(answer), id) : Message::error_reply(std::move(answer), id));
}

// The options of a connection, which hold for the commands after it.
Status apply_options(const std::vector<std::string>& words, bool* json) {
  for (size_t i = 0; i < words.size(); ++i) {
    std::string value;
    if (words[i] == "--format" && i + 1 < words.size()) value = words[++i];
    else if (words[i].starts_with("--format=")) value = words[i].substr(9);
    else return fail("option requires an argument or is not known: " + words[i]);
    if (value != "text" && value != "json") return fail("option format has invalid value " + value);
    *json = value == "json";
  }
  return {};
}

void Client::run(const Message& message) {
  std::vector<std::string> words;
  bool all_strings = true;
  for (size_t i = 0; i < message.params.size(); ++i) {
    all_strings = all_strings && message.params[i].is_string();
    words.emplace_back(message.params[i].as_string());
  }
  const Reply::Finish answer = [weak = weak_from_this(), id = message.id,
                                done = std::make_shared<bool>(false)](bool ok, Json value) {
    const auto self = weak.lock();
    if (!self || std::exchange(*done, true)) return;
    self->finish(id, ok, std::move(value));
    self->run_next();
  };
  const Reply reply(answer, json);
  log.dbg("received request {}, id={}", message.method, message.id.dump());
  const std::string& name = message.method;
  const int count = static_cast<int>(words.size());
  const Registered* entry = server->find(name);
  if (!all_strings) {
    reply.error("command arguments must be strings");
  } else if (name == "set-options") {
    const auto status = apply_options(words, &json);
    if (status) Reply(answer, false).ok();
    else reply.error(status.error().message);
  } else if (!entry) {
    reply.error(fmt::format("\"{}\" is not a valid command (use \"list-commands\" to see a list of valid commands)",
                            name));
  } else if (count < entry->min_args) {
    reply.error(fmt::format("\"{}\" command requires at least {} arguments", name, entry->min_args));
  } else if (entry->max_args >= 0 && count > entry->max_args) {
    reply.error(fmt::format("\"{}\" command takes at most {} arguments", name, entry->max_args));
  } else {
    const Command command = entry->command;  // it may change the register
    command(words, reply);
  }
}

}  // namespace

void Reply::ok(std::string_view text) const {
  if (json_) return finish_(true, Json::object({{"reply", line_ended(text)}, {"reply-format", "plain"}}));
  finish_(true, line_ended(text));
}

void Reply::error(std::string_view text) const { finish_(false, line_ended(text)); }

void Reply::ok_json(const Json& value) const {
  if (json_) finish_(true, value);
  else finish_(true, line_ended(value.dump()));
}

Result<std::unique_ptr<Server>> Server::create(io::Loop& loop, std::string_view program, std::string_view path) {
  std::string where(path);
  if (where.empty()) where = fmt::format("{}.{}.ctl", program, getpid());
  const bool none = where == "none";
  auto server = std::make_unique<ServerImpl>(std::string(program), none ? "none" : io::in_run_dir(where));
  if (!none) {
    if (auto status = server->listen(loop); !status) return fail(status);
  }
  ServerImpl* self = server.get();
  self->add("list-commands", "", 0, 0, [self](Args, const Reply& reply) { self->list_commands(reply); });
  self->add("version", "", 0, 0, [self](Args, const Reply& reply) {
    reply.ok(fmt::format("{} (Open vSwitch) {}", self->program(), kPromisedRelease));
  });
  return std::unique_ptr<Server>(std::move(server));
}

}  // namespace turnout::unixctl
