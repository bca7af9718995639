// What one ovsdb-server process serves: databases, and the sessions of its clients. Main thread only.
#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ovsdb/server/server_db.h"
#include "ovsdb/server/session.h"
#include "ovsdb/server/source_link.h"

namespace turnout::ovsdb::server {

class Relay;

class Server {
 public:
  explicit Server(io::Loop& loop);
  ~Server();
  Server(const Server&) = delete;

  io::Loop& loop() { return loop_; }
  LockTable& locks() { return locks_; }
  const Uuid& id() const { return id_; }

  // Databases. The errors are those of ovs-appctl's commands. `name` is a file, or relay:NAME:REMOTES.
  Status add_database(const std::string& name);
  Result<std::string> add_file(const std::string& path);   // the name of its database
  Status add_relay(const std::string& database, const SourceLink::Settings& source);
  Status remove_database(const std::string& name);
  Database* find_database(std::string_view name) const;
  std::vector<std::string> database_names() const;
  Transactor& transactor_of(const Database& database);
  // In the background; `done` is called later.
  void compact(Database& database, std::function<void(Status)> done);
  // Whether memory that is not used any more goes back to the system after each compaction.
  void set_trim_on_compaction(bool trim) { trims_ = trim; }
  DbStatus convert_database(const std::string& name, std::shared_ptr<const Schema> schema);
  // Puts another one in the place of a hosted database of this name, under the same storage, and tells everybody.
  void exchange_database(const std::string& name, std::unique_ptr<Database> database);
  // False as long as a relay has not heard its schema: nobody can use the database yet.
  bool is_available(const Database& database) const;
  // A relay found its source, or lost it.
  void set_connected(const std::string& name, bool connected);
  void set_relay_probe_interval(Duration interval);
  // The file or source of a database; empty: built in.
  const std::string& origin_of(const std::string& name) const;
  // A backup: clients may read a database but not change it. It ends when the database is removed.
  void set_backup(const std::string& name, bool backup);
  // The whole server is a backup: its standalone databases, also those that are added later, and its locks.
  void set_backup(bool backup);
  bool is_backup() const { return backup_; }
  bool is_standalone(const std::string& name) const;
  // Called when a database came, went or got another schema; ends with the handle.
  io::Handle on_databases_changed(std::function<void()> listener);

  // Sessions.
  Session& adopt(std::unique_ptr<io::Stream> stream, SessionOptions options);
  void bury_closed_sessions();
  void note_news(Session& session) { news_.push_back(&session); }
  void disconnect_all();
  // From now on monitor_cond and monitor_cond_since are methods that nobody knows: for tests of clients.
  void disable_monitor_cond() { has_monitor_cond_ = false; }
  bool has_monitor_cond() const { return has_monitor_cond_; }
  // Those that did not say that they watch _Server learn of a change by losing their connection.
  void disconnect_unaware();
  size_t n_sessions() const;
  void report_memory(const std::function<void(std::string_view, uint64_t)>& report) const;

 private:
  struct Hosted {
    std::unique_ptr<Database> database;
    std::unique_ptr<Transactor> transactor;
    std::string origin;              // a file or relay:NAME:REMOTES; empty: built in
    DatabaseStatus status;
    std::unique_ptr<Relay> relay;    // null: not a relay
  };
  Hosted& host(std::unique_ptr<Database> database, std::string origin, const DatabaseStatus& status);
  void give_transactor(Hosted& hosted);
  void tell_monitors();
  void tell_of_change();   // likewise, and whoever holds on to databases
  void send_updates();

  io::Loop& loop_;
  Uuid id_ = Uuid::random();
  LockTable locks_;
  std::map<std::string, Hosted, std::less<>> databases_;
  Database* server_db_ = nullptr;
  std::list<std::unique_ptr<Session>> sessions_;
  std::vector<Session*> news_;      // sessions with something to send
  bool burial_posted_ = false, trims_ = false, backup_ = false, has_monitor_cond_ = true;
  std::list<std::function<void()>> databases_changed_;
};

}  // namespace turnout::ovsdb::server
