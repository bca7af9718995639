// Changing roles.
#include "ovsdb/server/active_backup.h"

#include "ovsdb/server/server.h"

namespace turnout::ovsdb::server {

void ActiveBackup::replicate() {
  Replication::Settings settings;
  settings.source.remotes = source_;
  settings.source.probe_interval = probe_interval_;
  settings.excluded = excluded_;
  replication_.emplace(server_, std::move(settings));
}

Status ActiveBackup::connect() {
  if (source_.empty()) return fail("Unable to connect: active server is not specified.\n");
  server_.set_backup(true);
  server_.disconnect_all();
  replicate();
  return {};
}

void ActiveBackup::disconnect() {
  if (!replication_) return;
  replication_.reset();
  server_.set_backup(false);
  server_.disconnect_all();
}

void ActiveBackup::set_excluded(ExcludedTables excluded) {
  excluded_ = std::move(excluded);
  if (replication_) replicate();
}

void ActiveBackup::set_probe_interval(Duration interval) {
  probe_interval_ = interval;
  if (replication_) replication_->set_probe_interval(interval);
}

std::string ActiveBackup::status() const {
  return replication_ ? "state: backup\n" + replication_->status() : "state: active\n";
}

}  // namespace turnout::ovsdb::server
