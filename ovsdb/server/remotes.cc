// Following the connection methods that a database names.
#include "ovsdb/server/remotes.h"

#include <fmt/format.h>

#include "lib/base/log.h"
#include "lib/base/strings.h"
#include "ovsdb/server/db_column.h"

namespace turnout::ovsdb::server {
namespace {

Log log_{"ovsdb_server"};

// Of connections that a row configures, unless it says otherwise.
constexpr uint8_t kDefaultDscp = 48;
// How old sec_since_connect may be in the database.
constexpr Duration kRefresh = std::chrono::seconds(5);

template <typename T>
std::optional<T> read_column(const Row& row, const Table& table, std::string_view name, AtomType type, T (*get)(const Datum&)) {
  const ColumnSchema* column = table.schema().find(name);
  if (!column || column->type.key.type != type || column->type.is_map()) return {};
  const Datum& datum = row.get(*column);
  if (datum.size() != 1) return {};
  return get(datum);
}

std::optional<int64_t> read_integer(const Row& row, const Table& table, std::string_view name) {
  return read_column<int64_t>(row, table, name, AtomType::kInteger, [](const Datum& d) { return d.integer_at(); });
}

RemoteOptions read_options(const Row& row, const Table& table) {
  RemoteOptions options;
  if (auto ms = read_integer(row, table, "max_backoff"); ms && *ms >= 1000) options.max_backoff = std::chrono::milliseconds(*ms);
  if (auto ms = read_integer(row, table, "inactivity_probe"); ms && *ms >= 0) options.probe_interval = std::chrono::milliseconds(*ms);
  options.read_only = read_column<bool>(row, table, "read_only", AtomType::kBoolean,
                                        [](const Datum& d) { return d.boolean_at(); }).value_or(false);
  options.role = read_column<std::string>(row, table, "role", AtomType::kString,
                                          [](const Datum& d) { return std::string(d.string_at()); }).value_or("");
  options.dscp = kDefaultDscp;
  const ColumnSchema* other = table.schema().find("other_config");
  if (!other || !other->type.is_map() || other->type.key.type != AtomType::kString || other->type.value.type != AtomType::kString) return options;
  const Datum& map = row.get(*other);
  if (const size_t at = map.find_string("dscp"); at != Datum::kNotFound)
    if (const auto dscp = parse_unsigned(map.value(at).string()); dscp && *dscp <= 63) options.dscp = static_cast<uint8_t>(*dscp);
  return options;
}

std::string seconds_since(TimePoint then, TimePoint now) { return std::to_string((now - then).count() / 1'000'000'000); }

json::Json status_map(const RemoteStatus& status, TimePoint now) {
  json::Json pairs = json::Json::array();
  auto add = [&](const char* key, const std::string& value) { pairs.append(json::Json::array({key, value})); };
  if (status.bound_port) add("bound_port", std::to_string(status.bound_port));
  if (!status.last_error.empty() && !status.connected) add("last_error", status.last_error);
  if (status.n_connections > 1) add("n_connections", std::to_string(status.n_connections));
  if (status.connected_at) add("sec_since_connect", seconds_since(*status.connected_at, now));
  if (status.disconnected_at) add("sec_since_disconnect", seconds_since(*status.disconnected_at, now));
  if (!status.state.empty()) add("state", status.state);
  const auto add_names = [&](const char* key, const std::vector<std::string>& names) {
    if (!names.empty()) add(key, join(names, " "));
  };
  add_names("locks_held", status.locks_held);
  add_names("locks_waiting", status.locks_waiting);
  add_names("locks_lost", status.locks_lost);
  return json::Json::array({"map", pairs});
}

}  // namespace

struct Remotes::Source {
  std::string name;
  Database* database = nullptr;      // null while its database is not hosted
  Table* table = nullptr;
  const ColumnSchema* column = nullptr;
  Table* target_table = nullptr;     // null: the column holds the connection methods themselves
  Database::Subscription subscription;
  std::map<std::string, std::pair<Uuid, std::unique_ptr<Remote>>> remotes;
  bool reconcile_posted = false;
};

Remotes::Remotes(Server& server) : server_(server) {
  databases_changed_ = server_.on_databases_changed([this] { resolve_sources(); });
}

Remotes::~Remotes() {
  alive_.reset();
}

// "db:DB,TABLE,COLUMN", ovsdb-server(1).
Result<std::unique_ptr<Remotes::Source>> Remotes::resolve(Server& server, const std::string& name) {
  auto source = std::make_unique<Source>();
  source->name = name;
  const auto found = find_db_column(server, name);
  if (!found) return fail(found);
  source->database = found->database;
  source->table = found->table;
  source->column = found->column;
  const ColumnType& type = source->column->type;
  if (type.key.is_reference() && !type.is_map()) source->target_table = source->database->find_table(type.key.ref_table);
  if (!source->target_table && (type.key.type != AtomType::kString || type.is_map()))
    return fail(fmt::format("\"{}\": type mismatch: not a string or a reference", name));
  return source;
}

Status Remotes::add(const std::string& name, const RemoteOptions& options) {
  if (plain_.contains(name) || sources_.contains(name)) return {};
  if (!names_db_column(name)) {
    // A database may have named it before: then it is taken over.
    for (auto& [source_name, source] : sources_)
      if (auto it = source->remotes.find(name); it != source->remotes.end()) it->second.second.reset();
    plain_.emplace(name, std::make_unique<Remote>(server_, name, options, [this] { status_changed(); }));
    return {};
  }
  auto source = resolve(server_, name);
  if (!source) return fail(source);
  sources_.emplace(name, std::move(*source));
  resolve_sources();
  return {};
}

bool Remotes::reconfigure(const std::string& name, const RemoteOptions& options) {
  const auto it = plain_.find(name);
  return it != plain_.end() && it->second->reconfigure(options);
}

bool Remotes::remove(const std::string& name) {
  if (sources_.erase(name)) {
    refresh_while_needed();
    return true;
  }
  if (!plain_.erase(name)) return false;
  // A database may name it as well.
  for (auto& [source_name, source] : sources_)
    if (source->database && source->remotes.contains(name)) reconcile(*source);
  return true;
}

std::vector<std::string> Remotes::names() const {
  std::vector<std::string> names;
  for (const auto& [name, remote] : plain_) names.push_back(name);
  for (const auto& [name, source] : sources_) names.push_back(name);
  std::sort(names.begin(), names.end());
  return names;
}

// Databases come and go; a source without its database has no remotes until it is back.
void Remotes::resolve_sources() {
  for (auto& [name, source] : sources_) {
    source->subscription = {};
    auto resolved = resolve(server_, name);
    if (!resolved) {
      source->database = nullptr;
      source->remotes.clear();
      continue;
    }
    std::swap((*resolved)->remotes, source->remotes);
    source = std::move(*resolved);
    Source* const at = source.get();
    source->subscription = source->database->subscribe([this, at, source_name = name](const std::deque<Change>& changes) {
      bool concerned = false;
      for (const Change& c : changes) concerned |= c.key.table == at->table || c.key.table == at->target_table;
      if (!concerned || std::exchange(at->reconcile_posted, true)) return;
      server_.loop().post([this, source_name, alive = std::weak_ptr<bool>(alive_)] {
        if (alive.expired()) return;
        auto it = sources_.find(source_name);
        if (it == sources_.end() || !it->second->database) return;
        it->second->reconcile_posted = false;
        reconcile(*it->second);
      });
    });
    reconcile(*source);
  }
}

void Remotes::add_wanted(std::map<std::string, Wanted>& wanted, const Row& row, const Table& table) {
  const ColumnSchema* column = table.schema().find("target");
  if (!column || column->type.key.type != AtomType::kString) return;
  const Datum& target = row.get(*column);
  if (target.empty() || target.string_at().empty()) return;
  wanted.emplace(target.string_at(), Wanted{read_options(row, table), row.id()});
}

std::map<std::string, Remotes::Wanted> Remotes::wanted_by(const Source& source) {
  std::map<std::string, Wanted> wanted;
  for (const auto& [id, slot] : source.table->rows()) {
    const Datum& datum = slot.row->get(*source.column);
    for (size_t i = 0; i < datum.size(); ++i) {
      if (!source.target_table) {
        if (!datum.string_at(i).empty()) wanted.emplace(datum.string_at(i), Wanted{});
      } else if (const Table::Slot* target = source.target_table->find(datum.uuid_at(i))) {
        add_wanted(wanted, *target->row, *source.target_table);
      }
    }
  }
  return wanted;
}

void Remotes::reconcile(Source& source) {
  const auto wanted = wanted_by(source);
  std::erase_if(source.remotes, [&](const auto& entry) {
    auto it = wanted.find(entry.first);
    Remote* remote = entry.second.second.get();
    if (it == wanted.end()) log_.info("{}: remote deconfigured", entry.first);
    return it == wanted.end() || (remote && remote->options() != it->second.options && !remote->reconfigure(it->second.options));
  });
  for (const auto& [target, want] : wanted) {
    auto& [row, remote] = source.remotes[target];
    row = want.row;
    if (!remote && !plain_.contains(target))
      remote = std::make_unique<Remote>(server_, target, want.options, [this] { status_changed(); });
  }
  refresh_while_needed();
  status_changed();
}

// Ages are written again now and then, but only where there are any: a server that listens only does not wake.
void Remotes::refresh_while_needed() {
  bool needed = false;
  for (const auto& [name, source] : sources_)
    for (const auto& [target, entry] : source->remotes) needed |= source->target_table && entry.second && entry.second->is_active();
  if (needed && !refresh_) refresh_ = server_.loop().every(kRefresh, [this] { status_changed(); });
  if (!needed) refresh_.reset();
}

void Remotes::status_changed() {
  if (std::exchange(status_posted_, true)) return;
  server_.loop().post([this, alive = std::weak_ptr<bool>(alive_)] {
    if (alive.expired()) return;
    status_posted_ = false;
    for (auto& [name, source] : sources_)
      if (source->database && source->target_table && server_.is_standalone(source->database->name())) write_status(*source);
  });
}

// is_connected and status of the rows that configure remotes, as far as their table has these columns.
void Remotes::write_status(Source& source) {
  const TableSchema& schema = source.target_table->schema();
  const ColumnSchema* is_connected = schema.find("is_connected");
  const ColumnSchema* status_column = schema.find("status");
  const TimePoint now = server_.loop().clock().now();
  json::Json params = json::Json::array({source.database->name()});
  for (const auto& [target, entry] : source.remotes) {
    const Table::Slot* slot = source.target_table->find(entry.first);
    if (!slot) continue;
    const auto plain = plain_.find(target);
    if (!entry.second && plain == plain_.end()) continue;
    const RemoteStatus status = (entry.second ? entry.second : plain->second)->status();
    json::Json row = json::Json::object();
    if (is_connected && is_connected->type == ColumnType{BaseType{AtomType::kBoolean}}) row.set("is_connected", status.connected);
    if (status_column && status_column->type.is_map() && status_column->type.key.type == AtomType::kString)
      row.set("status", status_map(status, now));
    if (!row.size()) return;
    const json::Json id = json::Json::array({"uuid", entry.first.to_string()});
    params.append(json::Json::object({{"op", "update"}, {"table", source.target_table->name()},
                                      {"where", json::Json::array({json::Json::array({"_uuid", "==", id})})},
                                      {"row", row}}));
  }
  if (params.size() == 1) return;
  auto trigger = std::make_shared<Trigger>();
  trigger->params = std::move(params);
  trigger->owns_lock = [](std::string_view) { return false; };
  trigger->answer = [](std::string) {};
  server_.transactor_of(*source.database).submit(std::move(trigger));
}

}  // namespace turnout::ovsdb::server
