// What one ovsdb-server process serves: databases, and the sessions of its clients. Main thread only.
#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ovsdb/server/session.h"

namespace turnout::ovsdb::server {

class Server {
 public:
  explicit Server(io::Loop& loop);
  ~Server();
  Server(const Server&) = delete;

  io::Loop& loop() { return loop_; }
  LockTable& locks() { return locks_; }
  const Uuid& id() const { return id_; }

  // Databases. The errors are those of ovs-appctl's commands.
  Status add_database(const std::string& path);
  Status remove_database(const std::string& name);
  Database* find_database(std::string_view name) const;
  std::vector<std::string> database_names() const;
  Transactor& transactor_of(const Database& database);
  // In the background; `done` is called later.
  void compact(Database& database, std::function<void(Status)> done);
  // Whether memory that is not used any more goes back to the system after each compaction.
  void set_trim_on_compaction(bool trim) { trims_ = trim; }
  DbStatus convert_database(const std::string& name, std::shared_ptr<const Schema> schema);
  // Called when a database came, went or got another schema. One listener.
  void on_databases_changed(std::function<void()> listener) { databases_changed_ = std::move(listener); }

  // Sessions.
  Session& adopt(std::unique_ptr<io::Stream> stream, SessionOptions options);
  void bury_closed_sessions();
  void note_news(Session& session) { news_.push_back(&session); }
  void disconnect_all();
  // Those that did not say that they watch _Server learn of a change by losing their connection.
  void disconnect_unaware();
  size_t n_sessions() const;
  void report_memory(const std::function<void(std::string_view, uint64_t)>& report) const;

 private:
  struct Hosted {
    std::unique_ptr<Database> database;
    std::unique_ptr<Transactor> transactor;
    std::string path;    // empty: built in
  };
  void host(std::unique_ptr<Database> database, std::string path);
  void send_updates();

  io::Loop& loop_;
  Uuid id_ = Uuid::random();
  LockTable locks_;
  std::map<std::string, Hosted, std::less<>> databases_;
  Database* server_db_ = nullptr;
  std::list<std::unique_ptr<Session>> sessions_;
  std::vector<Session*> news_;      // sessions with something to send
  bool burial_posted_ = false, trims_ = false;
  std::function<void()> databases_changed_;
};

}  // namespace turnout::ovsdb::server
