// An OVSDB server in the test's own process and loop, that says what the test tells it to say.
#pragma once

#include <unistd.h>

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "lib/io/stream.h"
#include "lib/json/jsonrpc.h"
#include "tests/unit/lib/ovsdb/values.h"

namespace turnout::ovsdb {

class FakeServer {
 public:
  FakeServer(io::Loop& loop, json::Json schema, json::Json contents)
      : schema_(std::move(schema)), contents_(std::move(contents)), loop_(loop) {
    char dir[] = "/tmp/fake-ovsdb-XXXXXX";
    EXPECT_NE(mkdtemp(dir), nullptr);
    dir_ = dir;
    open();
  }
  ~FakeServer() {
    close();
    unlink((dir_ + "/sock").c_str());
    rmdir(dir_.c_str());
  }
  void open() {
    auto listener = io::Listener::listen(loop_, "p" + remote(), [this](auto stream) { accept(std::move(stream)); });
    EXPECT_TRUE(listener.has_value()) << (listener ? "" : listener.error().message);
    if (listener) listener_ = std::move(*listener);
  }
  // Goes to a client that listens.
  void call(const std::string& remote) {
    auto stream = io::Stream::connect(loop_, remote);
    EXPECT_TRUE(stream.has_value()) << (stream ? "" : stream.error().message);
    if (stream) accept(std::move(*stream));
  }
  void close() {
    connection_.reset();
    listener_.reset();
  }
  std::string remote() const { return "unix:" + dir_ + "/sock"; }
  void set_contents(json::Json contents) { contents_ = std::move(contents); }
  void update(std::string_view table_updates) {
    connection_->send(json::Message::notify("update", json::Json::array({json::Json(), js(table_updates)})));
  }
  void notify(const char* method, std::string_view params) { connection_->send(json::Message::notify(method, js(params))); }
  // What transact answers next, one text for each request; then [{}].
  std::deque<std::string> answers;
  std::vector<std::string> transactions, requests;
  // The one monitor method it knows; set_contents() gives the whole result of it.
  std::string monitor_method = "monitor";
  bool holds_conditions = false;                 // does not answer monitor_cond_change
  std::string about_itself = "{}";               // the answer to a monitor of its _Server database
  int connections = 0;

 private:
  void accept(std::unique_ptr<io::Stream> stream) {
    connections++;
    json::Connection::Handler handler;
    handler.received = [this](json::Message m) { serve(std::move(m)); };
    handler.closed = [this](const Error&) { loop_.post([this] { connection_.reset(); }); };
    connection_ = std::make_unique<json::Connection>(std::move(stream), std::move(handler));
  }
  void serve(json::Message m) {
    if (m.type != json::Message::Type::kRequest) return;
    requests.push_back(m.method + " " + m.params.dump());
    json::Json result;
    if (m.method == "get_schema") result = schema_;
    if (m.method == "monitor_cond_change") {
      if (holds_conditions) return;
      result = json::Json::object();
    } else if (m.params[0] == json::Json("_Server")) {
      result = js(about_itself);
    } else if (m.method.starts_with("monitor")) {
      if (m.method != monitor_method) {
        connection_->send(json::Message::error_reply(json::Json("unknown method"), m.id));
        return;
      }
      result = contents_;
    }
    if (m.method == "lock") result = json::Json::object({{"locked", json::Json(false)}});
    if (m.method == "transact") {
      transactions.push_back(m.params.dump());
      std::string answer = answers.empty() ? "[{}]" : answers.front();
      if (!answers.empty()) answers.pop_front();
      if (answer == "hang") return;
      result = js(answer);
    }
    connection_->send(json::Message::reply(result, m.id));
  }

  json::Json schema_, contents_;
  io::Loop& loop_;
  std::string dir_;
  std::unique_ptr<io::Listener> listener_;
  std::unique_ptr<json::Connection> connection_;
};

}  // namespace turnout::ovsdb
