// Databases and sessions of the process.
#include "ovsdb/server/server.h"

#include <malloc.h>

#include <filesystem>

#include "lib/base/log.h"
#include "ovsdb/server/convert.h"
#include "ovsdb/server/record.h"
#include "ovsdb/server/server_db.h"

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
  host(std::move(server_db), {});
}

Server::~Server() {
  for (auto& [name, hosted] : databases_) hosted.transactor->flush();
  sessions_.clear();
  databases_.clear();
}

void Server::host(std::unique_ptr<Database> database, std::string path) {
  const std::string name = database->name();
  Hosted hosted{std::move(database), nullptr, std::move(path)};
  hosted.transactor = std::make_unique<Transactor>(loop_, *hosted.database, [this] { send_updates(); });
  hosted.transactor->on_compacted([this] { if (trims_) ::malloc_trim(0); });
  databases_.insert_or_assign(name, std::move(hosted));
}

Status Server::add_database(const std::string& path) {
  for (const auto& [name, hosted] : databases_)
    if (!hosted.path.empty() && same_file(hosted.path, path)) return fail("ovsdb error: " + path + ": already open");
  auto database = Database::open(path, Journal::Access::kReadWrite);
  if (!database) return fail(database);
  if (find_database((*database)->name()))
    return fail("ovsdb error: " + path + ": duplicate database name " + (*database)->name());
  Database& added = **database;
  host(std::move(*database), path);
  announce_database(*server_db_, added);
  transactor_of(*server_db_).retry_waiting();
  send_updates();
  if (databases_changed_) databases_changed_();
  disconnect_unaware();
  return {};
}

Status Server::remove_database(const std::string& name) {
  auto it = databases_.find(name);
  if (it == databases_.end()) return fail("Failed to find the database.");
  if (it->second.path.empty()) return fail("Cannot remove reserved database.");
  it->second.transactor->flush();
  for (const auto& session : sessions_) session->forget(*it->second.database);
  databases_.erase(it);
  withdraw_database(*server_db_, name);
  transactor_of(*server_db_).retry_waiting();
  send_updates();
  if (databases_changed_) databases_changed_();
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
  if (hosted.path.empty()) return db_fail("not allowed", "cannot convert built-in databases");
  hosted.transactor->flush();
  auto converted = convert(*hosted.database, std::move(schema));
  if (!converted) return db_fail(converted);
  const std::string records[] = {(*converted)->schema().to_json().dump(), snapshot_record(**converted, "converted database")};
  if (auto written = hosted.database->storage()->replace(records); !written)
    return db_fail("I/O error", written.error().message);
  for (const auto& session : sessions_) session->forget(*hosted.database);
  (*converted)->give_storage(hosted.database->take_storage());
  hosted.transactor.reset();
  hosted.database = std::move(*converted);
  hosted.transactor = std::make_unique<Transactor>(loop_, *hosted.database, [this] { send_updates(); });
  withdraw_database(*server_db_, name);
  announce_database(*server_db_, *hosted.database);
  transactor_of(*server_db_).retry_waiting();
  send_updates();
  if (databases_changed_) databases_changed_();
  return {};
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
