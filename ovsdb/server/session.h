// One client: answers its requests, sends it the updates of its monitors, keeps its locks. Main thread only.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "lib/io/stream.h"
#include "lib/json/jsonrpc.h"
#include "ovsdb/server/lock.h"
#include "ovsdb/server/monitor.h"
#include "ovsdb/server/trigger.h"

namespace turnout::ovsdb::server {

class Server;

struct SessionOptions {
  Duration probe_interval{0};    // zero: no inactivity probes
  bool read_only = false;
  std::string role = {};                                  // what the client may change (rbac.h); empty: everything
  std::function<void()> connected = {};                   // an active connection came up (optional)
  // The connection is gone (optional); `why` is empty when in good order.
  std::function<void(class Session&, const std::string& why)> closed = {};
};

class Session : public LockHolder {
 public:
  Session(Server& server, std::unique_ptr<io::Stream> stream, SessionOptions options);
  ~Session() override;
  Session(const Session&) = delete;

  const std::string& name() const { return name_; }
  bool is_closed() const { return closed_; }
  bool is_connected() const { return connected_; }
  bool is_change_aware() const { return change_aware_; }
  size_t n_monitors() const { return monitors_.size(); }
  size_t backlog() const { return closed_ ? 0 : connection_->backlog(); }
  // Sends what the monitors noted, unless the client is slow: then it goes later, as one update.
  void send_updates();
  // Ends waiting transactions and monitors of a database that goes away, and tells the client.
  void forget(Database& database);
  void close(const std::string& why);
  TimePoint since() const { return since_; }
  bool is_idle() const { return probing_; }    // silent, and asked whether it is there
  // Options that changed while the session lasts; they count for what comes from now on.
  void reconfigure(Duration probe_interval, bool read_only, std::string role);

  void notify_locked(const std::string& lock) override { notify("locked", lock); }
  void notify_stolen(const std::string& lock) override { notify("stolen", lock); }

 private:
  using Message = json::Message;
  // Methods: a result as JSON text, or an error.
  DbResult<std::string> list_dbs(const Message&);
  DbResult<std::string> get_schema(const Message&);
  DbResult<std::string> monitor(const Message&, MonitorMethod method);
  DbResult<std::string> monitor_cond_change(const Message&);
  DbResult<std::string> take_lock(const Message&, bool steal);
  DbResult<std::string> unlock(const Message&);
  DbResult<std::string> set_change_aware(const Message&);
  void monitor_cancel(const Message&);
  void transact(const Message&);
  void convert(const Message&);
  void cancel(const json::Json& id);

  void receive(Message message);
  void handle_request(const Message& message);
  void handle_notification(const Message& message);
  void reply(const json::Json& id, const DbResult<std::string>& result);
  void send_result(const json::Json& id, std::string_view result);
  void send_error(const json::Json& id, const json::Json& error);
  void send(std::string text);
  void send_pending();
  void notify(std::string_view method, const std::string& lock);
  DbResult<Database*> database_of(const Message&);
  Monitor* find_monitor(const json::Json& id);
  void hold_back();
  void watch_stall();
  void drained();
  bool refuse_restricted(const Message&);
  void arm_probe();

  Server& server_;
  SessionOptions options_;
  std::string name_;
  std::string client_;          // common name of its certificate; empty without one
  std::unique_ptr<json::Connection> connection_;
  std::vector<std::unique_ptr<Monitor>> monitors_;
  std::unordered_map<std::string, std::pair<TriggerPtr, Transactor*>> triggers_;   // by the text of the request id
  bool closed_ = false, connected_ = false, change_aware_ = false, has_news_ = false, probing_ = false, held_back_ = false;
  TimePoint since_, last_heard_;
  size_t last_backlog_ = 0;
  io::Handle probe_, stall_watch_;
};

}  // namespace turnout::ovsdb::server
