// What the replica asks to be told: the monitor request in the best form that the server knows, its first contents, and
// conditions that change while it runs. RFC 7047 §4.1.5, ovsdb-server(7) §4.1.12 to 4.1.15.
#include "lib/base/log.h"
#include "lib/ovsdb/idl.h"
#include "lib/ovsdb/idl_update.h"

namespace turnout::ovsdb {

using json::Json;
using json::Message;

Json Idl::monitor_id() const { return Json::array({"idl", schema_->name}); }

void Idl::send_monitor() {
  Json requests = Json::object();
  for (const auto& table : tables_) {
    if (!table->monitored_ || !table->on_server_) continue;
    Json columns = Json::array();
    for (const ColumnSchema& column : table->schema_.columns) {
      const auto& state = table->columns_[column.index];
      if (state.monitored && state.on_server) columns.append(column.name);
    }
    Json request = Json::object({{"columns", columns}});
    if (method_ != Method::kPlain && !table->where_.is_null()) request.set("where", table->where_);
    requests.set(table->name(), Json::array({request}));
  }
  for (const auto& table : tables_) table->where_changed_ = false;
  state_ = State::kMonitor;
  Json params = Json::array({schema_->name, monitor_id(), requests});
  if (method_ == Method::kCondSince) params.append(last_txn_.empty() ? Uuid{}.to_string() : last_txn_);
  static constexpr const char* kNames[] = {"monitor_cond_since", "monitor_cond", "monitor"};
  pending_id_ = request(kNames[static_cast<int>(method_)], std::move(params));
}

namespace {
bool is_unknown_method(const Message& message) {
  return message.type == Message::Type::kError && message.error.is_string() && message.error.as_string() == "unknown method";
}
}  // namespace

void Idl::on_monitor_reply(const Message& message) {
  if (is_unknown_method(message) && method_ != Method::kPlain) {
    method_ = method_ == Method::kCondSince ? Method::kCond : Method::kPlain;
    return send_monitor();
  }
  if (message.type == Message::Type::kError) return give_up("database server refused: " + message.error.dump(Json::kSorted));
  const bool since = method_ == Method::kCondSince;
  // [found, last-txn-id, updates]: when found, only what happened since the transaction that was named.
  const bool found = since && message.result[0].as_bool();
  last_txn_ = since ? message.result[1].as_string() : std::string_view();
  IdlUpdate update(*this, method_ == Method::kPlain ? IdlUpdate::Form::kOldNew : IdlUpdate::Form::kDiff);
  if (auto s = update.apply(since ? message.result[2] : message.result, !found); !s) return give_up(s.error().message);
  state_ = State::kReady;
  has_contents_ = true;
  error_ = Error("");
  send_conditions();   // those that changed while this one was awaited
  advance();
}

// ---- conditions ----

void Idl::monitor_where(const TableSchema& t, const Json& conditions) {
  IdlTable& wanted = table(t);
  if (wanted.where_ == conditions) return;
  wanted.where_ = conditions.deep_copy();
  wanted.where_changed_ = true;
  // What is here was chosen by another condition, so that the changes since then would not do.
  if (state_ == State::kIdle || state_ == State::kSchema) last_txn_.clear();
  send_conditions();
}

bool Idl::conditions_settled() const {
  if (state_ != State::kReady || condition_id_) return false;
  for (const auto& table : tables_)
    if (table->where_changed_) return false;
  return true;
}

// One request at a time: the server applies a change before it answers.
void Idl::send_conditions() {
  if (state_ != State::kReady || condition_id_) return;
  Json requests = Json::object();
  bool any = false;
  for (const auto& table : tables_) {
    if (!std::exchange(table->where_changed_, false) || !table->monitored_ || !table->on_server_) continue;
    requests.set(table->name(), Json::array({Json::object({{"where", table->where_.is_null() ? Json::array({true}) : table->where_}})}));
    any = true;
  }
  // A server that knows no conditions sends all there is.
  if (any && method_ != Method::kPlain) condition_id_ = request("monitor_cond_change", Json::array({monitor_id(), monitor_id(), requests}));
}

void Idl::on_conditions_reply(const Message& message) {
  condition_id_.reset();
  if (message.type == Message::Type::kError) return give_up("database server refused: " + message.error.dump(Json::kSorted));
  send_conditions();
  advance();
}

// The connection is lost: a change that was not answered may or may not have been made.
void Idl::forget_conditions() {
  bool pending = condition_id_.has_value();
  for (const auto& table : tables_) pending = pending || table->where_changed_;
  condition_id_.reset();
  if (pending) last_txn_.clear();
}

}  // namespace turnout::ovsdb
