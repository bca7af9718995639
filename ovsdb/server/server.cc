// Databases and sessions of the process.
#include "ovsdb/server/server.h"

#include <malloc.h>

#include <filesystem>

#include "lib/base/log.h"
#include "ovsdb/server/convert.h"
#include "ovsdb/server/record.h"
#include "ovsdb/server/relay.h"

namespace turnout::ovsdb::server {
namespace {

Log log_{"ovsdb_server"};

bool same_file(const std::string& a, const std::string& b) {
  std::error_code problem;
  return a == b || std::filesystem::equivalent(a, b, problem);
}

}  // namespace

Server::Server(io::Loop& loop) : loop_(loop) {
  auto server_db = make_server_database();
  server_db_ = server_db.get();
  host(std::move(server_db), {}, {});
}

Server::~Server() {
  for (auto& [name, hosted] : databases_) hosted.transactor->flush();
  sessions_.clear();
  databases_.clear();
}

Server::Hosted& Server::host(std::unique_ptr<Database> database, std::string origin, const DatabaseStatus& status) {
  Hosted& hosted = databases_[database->name()];
  hosted = {std::move(database), nullptr, std::move(origin), status, nullptr};
  give_transactor(hosted);
  if (!hosted.origin.empty()) announce_database(*server_db_, *hosted.database, status);
  return hosted;
}

void Server::give_transactor(Hosted& hosted) {
  const bool read_only = hosted.transactor ? hosted.transactor->is_read_only() : backup_ && !hosted.origin.empty();
  hosted.transactor = std::make_unique<Transactor>(loop_, *hosted.database, [this] { send_updates(); });
  hosted.transactor->on_compacted([this] { if (trims_) ::malloc_trim(0); });
  if (hosted.relay) hosted.transactor->set_forwarder(hosted.relay.get());
  else hosted.transactor->set_read_only(read_only);
}

// After changes of _Server's rows.
void Server::tell_monitors() {
  transactor_of(*server_db_).retry_waiting();
  send_updates();
}

void Server::tell_of_change() {
  tell_monitors();
  for (auto it = databases_changed_.begin(); it != databases_changed_.end();) (*it++)();
}

Status Server::add_database(const std::string& path) {
  if (path.starts_with("relay:")) {
    auto name = Relay::parse(path);
    if (!name) return fail(name);
    return add_relay(name->database, {name->remotes});
  }
  if (auto added = add_file(path); !added) return fail(added);
  return {};
}

Result<std::string> Server::add_file(const std::string& path) {
  for (const auto& [name, hosted] : databases_)
    if (!hosted.origin.empty() && !hosted.relay && same_file(hosted.origin, path))
      return fail("ovsdb error: " + path + ": already open");
  auto database = Database::open(path, Journal::Access::kReadWrite);
  if (!database) return fail(database);
  if (find_database((*database)->name())) return fail("ovsdb error: " + (*database)->name() + ": duplicate database name");
  const std::string name = host(std::move(*database), path, {}).database->name();
  tell_of_change();
  disconnect_unaware();
  return name;
}

Status Server::add_relay(const std::string& name, const SourceLink::Settings& source) {
  if (find_database(name)) return fail("ovsdb error: " + name + ": duplicate database name");
  auto schema = Schema::from_json(json::Json::object({{"name", name}, {"version", "0.0.0"}, {"tables", json::Json::object()}}));
  if (!schema) return to_fail(schema);
  Hosted& hosted = host(std::make_unique<Database>(std::move(*schema), nullptr), "relay:" + name + ':' + source.remotes,
                        {"relay", false, false, false});
  hosted.relay = std::make_unique<Relay>(*this, name, source);
  hosted.transactor->set_read_only(false);
  hosted.transactor->set_forwarder(hosted.relay.get());
  tell_of_change();
  disconnect_unaware();
  return {};
}

Status Server::remove_database(const std::string& name) {
  auto it = databases_.find(name);
  if (it == databases_.end()) return fail("Failed to find the database.");
  if (it->second.origin.empty()) return fail("Cannot remove reserved database.");
  it->second.transactor->flush();
  for (const auto& session : sessions_) session->forget(*it->second.database);
  const auto gone = databases_.extract(it);   // lives until nobody listens to it any more
  withdraw_database(*server_db_, name);
  tell_of_change();
  disconnect_unaware();
  return {};
}

Database* Server::find_database(std::string_view name) const {
  auto it = databases_.find(name);
  return it == databases_.end() ? nullptr : it->second.database.get();
}

std::vector<std::string> Server::database_names() const {
  std::vector<std::string> names;
  for (const auto& [name, hosted] : databases_) names.push_back(name);
  return names;
}

Transactor& Server::transactor_of(const Database& database) {
  return *databases_.find(database.name())->second.transactor;
}

void Server::compact(Database& database, std::function<void(Status)> done) {
  log_.info("compacting {} database by user request", database.name());
  transactor_of(database).compact(std::move(done));
}

DbStatus Server::convert_database(const std::string& name, std::shared_ptr<const Schema> schema) {
  Hosted& hosted = databases_.find(name)->second;
  if (hosted.origin.empty()) return db_fail("not allowed", "cannot convert built-in databases");
  if (hosted.relay || hosted.transactor->is_read_only())
    return db_fail("not allowed", "convert operation not allowed when database server is in read only mode");
  hosted.transactor->flush();
  auto converted = convert(*hosted.database, std::move(schema));
  if (!converted) return db_fail(converted);
  const std::string records[] = {(*converted)->schema().to_json().dump(), snapshot_record(**converted, "converted database")};
  if (auto written = hosted.database->storage()->replace(records); !written)
    return db_fail("I/O error", written.error().message);
  exchange_database(name, std::move(*converted));
  return {};
}

void Server::exchange_database(const std::string& name, std::unique_ptr<Database> database) {
  Hosted& hosted = databases_.find(name)->second;
  hosted.transactor->flush();
  for (const auto& session : sessions_) session->forget(*hosted.database);
  database->give_storage(hosted.database->take_storage());
  const std::unique_ptr<Database> old = std::exchange(hosted.database, std::move(database));
  give_transactor(hosted);
  hosted.status.has_schema = true;
  update_database(*server_db_, *hosted.database, hosted.status);
  tell_of_change();
  if (hosted.relay) disconnect_unaware();
}

bool Server::is_available(const Database& database) const {
  return databases_.find(database.name())->second.status.has_schema;
}

void Server::set_connected(const std::string& name, bool connected) {
  Hosted& hosted = databases_.find(name)->second;
  hosted.status.connected = connected;
  update_database(*server_db_, *hosted.database, hosted.status);
  tell_monitors();
}

void Server::set_relay_probe_interval(Duration interval) {
  for (auto& [name, hosted] : databases_)
    if (hosted.relay) hosted.relay->set_probe_interval(interval);
}

const std::string& Server::origin_of(const std::string& name) const { return databases_.find(name)->second.origin; }

bool Server::is_standalone(const std::string& name) const {
  auto it = databases_.find(name);
  return it != databases_.end() && !it->second.origin.empty() && !it->second.relay;
}

void Server::set_backup(const std::string& name, bool backup) { databases_.find(name)->second.transactor->set_read_only(backup); }

void Server::set_backup(bool backup) {
  backup_ = backup;
  for (auto& [name, hosted] : databases_)
    if (is_standalone(name)) hosted.transactor->set_read_only(backup);
}

io::Handle Server::on_databases_changed(std::function<void()> listener) {
  const auto at = databases_changed_.insert(databases_changed_.end(), std::move(listener));
  return io::Handle([this, at] { databases_changed_.erase(at); });
}

Session& Server::adopt(std::unique_ptr<io::Stream> stream, SessionOptions options) {
  sessions_.push_back(std::make_unique<Session>(*this, std::move(stream), std::move(options)));
  return *sessions_.back();
}

void Server::bury_closed_sessions() {
  if (std::exchange(burial_posted_, true)) return;
  loop_.post([this] {
    burial_posted_ = false;
    std::erase_if(news_, [](const Session* session) { return session->is_closed(); });
    sessions_.remove_if([](const std::unique_ptr<Session>& session) { return session->is_closed(); });
  });
}

void Server::send_updates() {
  const std::vector<Session*> news = std::exchange(news_, {});
  for (Session* session : news) session->send_updates();
}

void Server::disconnect_all() {
  for (const auto& session : sessions_) session->close({});
}

void Server::disconnect_unaware() {
  for (const auto& session : sessions_)
    if (!session->is_change_aware()) session->close({});
}

size_t Server::n_sessions() const { return sessions_.size(); }

void Server::report_memory(const std::function<void(std::string_view, uint64_t)>& report) const {
  uint64_t cells = 0, atoms = 0, monitors = 0, weak = 0, backlog = 0, triggers = 0;
  for (const auto& [name, hosted] : databases_) {
    triggers += hosted.transactor->n_waiting();
    for (const auto& table : hosted.database->tables()) {
      cells += table->rows().size() * table->schema().columns.size();
      weak += table->weak_referrers.size();
      for (const auto& [id, slot] : table->rows())
        for (const Datum& datum : slot.row->columns) atoms += datum.size() * (datum.is_map() ? 2 : 1);
    }
  }
  for (const auto& session : sessions_) {
    monitors += session->n_monitors();
    backlog += session->backlog();
  }
  report("atoms", atoms);
  report("cells", cells);
  report("monitors", monitors);
  report("n-weak-refs", weak);
  if (!sessions_.empty()) report("sessions", sessions_.size());
  if (backlog) report("backlog", backlog);
  if (triggers) report("triggers", triggers);
}

}  // namespace turnout::ovsdb::server
