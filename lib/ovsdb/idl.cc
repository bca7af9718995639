// The replica's conversation with its server: schema, monitor, lock, and the answers to transactions.
#include "lib/ovsdb/idl.h"

#include "lib/base/log.h"
#include "lib/ovsdb/idl_generated.h"
#include "lib/ovsdb/idl_update.h"

namespace turnout::ovsdb {

using json::Json;
using json::Message;

namespace {
Log idl_log{"ovsdb_idl"};
LogRateLimit idl_limit{20};

class PlainRow : public IdlRow {
 public:
  PlainRow(IdlTable& table, const Uuid& uuid) : IdlRow(table, uuid) {}
};
}  // namespace

IdlTable::IdlTable(Idl& idl, const TableSchema& schema, MakeRow maker)
    : idl_(idl), schema_(schema), make_row_(maker), columns_(schema.columns.size()) {
  for (const ColumnSchema& column : schema.columns) defaults_.push_back(column.type.default_datum());
}

IdlRow* IdlTable::find(const Uuid& uuid) const {
  auto found = rows_.find(uuid);
  return found == rows_.end() || found->second->is_deleted() ? nullptr : found->second.get();
}

Idl::Idl(io::Loop& loop, std::shared_ptr<const Schema> schema, std::string remote, Options options)
    : loop_(loop), schema_(std::move(schema)), remote_(std::move(remote)), options_(std::move(options)) {
  for (size_t i = 0; i < schema_->tables().size(); i++) {
    auto maker = i < options_.make_row.size() ? options_.make_row[i] : &make_row<PlainRow>;
    tables_.emplace_back(new IdlTable(*this, *schema_->tables()[i], maker));
    if (!options_.monitor_all) continue;
    tables_.back()->monitored_ = true;
    for (auto& column : tables_.back()->columns_) column.monitored = true;
  }
}

Idl::~Idl() {
  if (txn_) txn_->abort();
  changed_ = nullptr;
  for (auto& [id, txn] : std::exchange(outstanding_, {})) txn->orphan();
}

// ---- choice of columns ----

IdlTable& Idl::table(const TableSchema& t) const {
  for (const auto& table : tables_)
    if (&table->schema_ == &t) return *table;
  abort();  // of another schema
}

IdlTable* Idl::table(std::string_view name) const {
  for (const auto& table : tables_)
    if (table->name() == name) return table.get();
  return nullptr;
}

void Idl::monitor(const TableSchema& t) { table(t).monitored_ = true; }

void Idl::monitor(const TableSchema& t, const ColumnSchema& column) {
  IdlTable& wanted = table(t);
  wanted.monitored_ = true;
  if (!column.is_synthetic()) wanted.columns_[column.index].monitored = true;
}

void Idl::omit(const TableSchema& t, const ColumnSchema& column) {
  if (!column.is_synthetic()) table(t).columns_[column.index].monitored = false;
}

void Idl::omit_alert(const TableSchema& t, const ColumnSchema& column) {
  if (!column.is_synthetic()) table(t).columns_[column.index].alert = false;
}

void Idl::track(const TableSchema& t) { table(t).track_ = true; }

void Idl::track_all() {
  for (auto& table : tables_) table->track_ = true;
}

// ---- connection ----

void Idl::start() {
  Session::Handler handler;
  handler.connected = [this] { on_connected(); };
  handler.received = [this](Message message) { on_message(std::move(message)); };
  handler.disconnected = [this](const Error& error) { on_disconnected(error); };
  session_ = std::make_unique<Session>(loop_, remote_, options_.session, std::move(handler));
}

bool Idl::is_connected() const { return state_ == State::kReady; }
bool Idl::is_alive() const { return session_ && session_->is_alive(); }

void Idl::force_reconnect() {
  if (session_) session_->force_reconnect();
}

int64_t Idl::request(const char* method, Json params) {
  Json id = session_->next_id();
  session_->send(Message::request(method, std::move(params), id));
  return id.as_integer();
}

void Idl::on_connected() {
  state_ = State::kSchema;
  pending_id_ = request("get_schema", Json::array({schema_->name}));
  watch_leader();
}

void Idl::on_disconnected(const Error& error) {
  state_ = State::kIdle;
  pending_id_.reset();
  lock_id_.reset();
  leader_id_.reset();
  forget_conditions();
  has_lock_ = lock_asked_ = false;
  if (error_.message.empty() || error.code) error_ = error;
  fail_outstanding();
  if (changed_) changed_();
}

void Idl::fail_outstanding() {
  while (!outstanding_.empty()) {
    IdlTxn* txn = outstanding_.begin()->second;
    outstanding_.erase(outstanding_.begin());
    txn->finish(TxnStatus::kTryAgain);
  }
}

void Idl::give_up(std::string message) {
  idl_log.limited(idl_limit, LogLevel::kWarn, "{}: {}", session_->remote(), message);
  last_txn_.clear();
  error_ = Error(std::move(message));
  session_->drop(error_);
}

void Idl::on_message(Message message) {
  using Type = Message::Type;
  if (message.type == Type::kReply || message.type == Type::kError) return on_reply(message);
  if (message.type == Type::kRequest) {
    session_->send(Message::error_reply(Json("unknown method"), message.id));
    return;
  }
  if (message.method == "update2" && is_leader_update(message.params)) {
    on_leader_update(message.params[1]);
  } else if (message.method == "update3" && state_ == State::kReady) {
    last_txn_ = message.params[1].as_string();
    on_update(message.params[2], true);
  } else if ((message.method == "update2" || message.method == "update") && state_ == State::kReady) {
    on_update(message.params[1], message.method == "update2");
  } else if (message.method == "locked" || message.method == "stolen") {
    on_lock_notification(message.method, message.params);
  }
}

void Idl::on_update(const Json& updates, bool diffs) {
  IdlUpdate update(*this, diffs ? IdlUpdate::Form::kDiff : IdlUpdate::Form::kOldNew);
  if (auto s = update.apply(updates, false); !s) return give_up(s.error().message);
  if (update.alerts()) advance();
}

void Idl::on_reply(const Message& message) {
  if (!message.id.is_integer()) return;
  int64_t id = message.id.as_integer();
  if (pending_id_ == id) {
    pending_id_.reset();
    if (state_ == State::kMonitor) return on_monitor_reply(message);
    if (message.type == Message::Type::kError) return give_up("database server refused: " + message.error.dump(Json::kSorted));
    on_schema(message.result);
  } else if (condition_id_ == id) {
    on_conditions_reply(message);
  } else if (leader_id_ == id) {
    on_leader_reply(message);
  } else if (lock_id_ == id) {
    on_lock_reply(message);
  } else if (auto found = outstanding_.find(id); found != outstanding_.end()) {
    IdlTxn* txn = found->second;
    outstanding_.erase(found);
    txn->on_reply(message);
  }
}

// What the server's schema lacks is not asked for and keeps its defaults.
void Idl::on_schema(const Json& json) {
  auto theirs = Schema::from_json(json);
  if (!theirs) return give_up(theirs.error().to_string());
  server_version_ = (*theirs)->version;
  for (auto& table : tables_) {
    const TableSchema* there = (*theirs)->find(table->name());
    table->on_server_ = there != nullptr;
    if (!there && table->monitored_)
      idl_log.warn("{} database lacks {} table (database needs upgrade?)", schema_->name, table->name());
    for (const ColumnSchema& column : table->schema_.columns) {
      const ColumnSchema* other = there ? there->find(column.name) : nullptr;
      auto& state = table->columns_[column.index];
      const bool before = state.on_server;
      state.on_server = other && other->type.key.type == column.type.key.type && other->type.value.type == column.type.value.type;
      if (state.on_server != before) last_txn_.clear();   // what is here lacks a column
      state.one_value = other && other->type.max == 1;
      if (there && state.monitored && !state.on_server)
        idl_log.warn("{} table in {} database lacks {} column (database needs upgrade?)", table->name(), schema_->name, column.name);
    }
  }
  method_ = Method::kCondSince;
  send_monitor();
  if (!lock_.empty()) send_lock();
}

void Idl::advance() {
  seqno_++;
  if (changed_) changed_();
}

// ---- lock ----

void Idl::set_lock(std::string name) {
  if (name == lock_) return;
  const bool talking = state_ == State::kMonitor || state_ == State::kReady;
  if (talking && !lock_.empty()) request("unlock", Json::array({lock_}));
  lock_ = std::move(name);
  has_lock_ = lock_asked_ = false;
  lock_id_.reset();
  if (talking && !lock_.empty()) send_lock();
}

void Idl::send_lock() { lock_id_ = request("lock", Json::array({lock_})); }

void Idl::on_lock_reply(const Message& message) {
  lock_id_.reset();
  lock_asked_ = true;
  has_lock_ = message.type == Message::Type::kReply && message.result.get("locked").as_bool();
  advance();
}

void Idl::on_lock_notification(const std::string& method, const Json& params) {
  if (lock_.empty() || params[0].as_string() != lock_) return;
  has_lock_ = method == "locked";
  lock_asked_ = true;
  advance();
}

// ---- the rest ----

void Idl::clear_tracked() {
  for (auto& table : tables_) {
    for (IdlRow* row : table->tracked_) {
      row->change_ = Change::kNone;
      row->changed_columns_.clear();
    }
    table->tracked_.clear();
    table->dead_.clear();
  }
}

bool Idl::wait_for_contents(std::optional<Duration> timeout) {
  loop_.run_until([this] { return has_contents_ || !is_alive(); }, timeout);
  return has_contents_;
}

size_t Idl::memory_cells() const {
  size_t cells = 0;
  for (const auto& table : tables_)
    for (const auto& [uuid, row] : table->rows_)
      for (size_t i = 0; row->data_ && i < table->columns_.size(); i++) cells += row->data_[i].size() * (row->data_[i].is_map() ? 2 : 1);
  return cells;
}

std::shared_ptr<const Schema> parse_built_in_schema(std::string_view text) {
  auto json = Json::parse(text);
  if (!json) abort();
  auto schema = Schema::from_json(*json);
  if (!schema) abort();
  return *schema;
}

}  // namespace turnout::ovsdb
