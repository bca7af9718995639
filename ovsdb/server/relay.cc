// Following the source of a relay, and forwarding to it.
#include "ovsdb/server/relay.h"

#include <algorithm>

#include "lib/base/log.h"
#include "lib/base/strings.h"
#include "ovsdb/server/server.h"

namespace turnout::ovsdb::server {
namespace {

Log log_{"relay"};
constexpr char kNoTransaction[] = "00000000-0000-0000-0000-000000000000";
constexpr std::string_view kUnknownOutcome =
    R"([{"details":"the connection to the relay source was lost before it answered; whether the transaction was )"
    R"(committed is not known","error":"I/O error"}])";

json::Json monitor_id(std::string_view name) { return json::Json::array({"monid", name}); }

json::Json monitor_requests(const Schema& schema) {
  json::Json requests = json::Json::object();
  for (const auto& table : schema.tables()) {
    json::Json columns = json::Json::array();
    for (const ColumnSchema& column : table->columns) columns.append(column.name);
    requests.set(table->name, json::Json::array({json::Json::object({{"columns", columns}})}));
  }
  return requests;
}

}  // namespace

Result<Relay::Name> Relay::parse(const std::string& text) {
  const std::string_view rest = std::string_view(text).substr(std::string_view("relay:").size());
  const size_t colon = rest.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == rest.size())
    return fail("ovsdb error: " + text + ": invalid syntax");
  return Name{std::string(rest.substr(0, colon)), std::string(rest.substr(colon + 1))};
}

Relay::Relay(Server& server, std::string name, const SourceLink::Settings& source)
    : server_(server), name_(std::move(name)), source_(source),
      has_several_sources_(split_any(source.remotes, ", ").size() > 1), last_transaction_(kNoTransaction),
      link_(server.loop(), source,
            {[this] { start(); }, [this](const json::Message& message) { take_notification(message); },
             [this](const Error&) { lost(); }}) {}

Relay::~Relay() = default;

void Relay::start() {
  source_serves_ = true;
  link_.request("set_db_change_aware", json::Json::array({true}), [](const json::Message&) {});
  watch_source();
  fetch_schema();
}

void Relay::fetch_schema() {
  following_ = false;
  link_.request("get_schema", json::Json::array({name_}), [this](const json::Message& reply) {
    if (reply.type == json::Message::Type::kError) return link_.drop("get_schema failed: " + reply.error.dump());
    if (auto taken = take_schema(reply.result); !taken) return link_.drop(taken.error().message);
    monitor("monitor_cond_since");
  });
}

Status Relay::take_schema(const json::Json& json) {
  auto schema = Schema::from_json(json);
  if (!schema) return to_fail(schema);
  if ((*schema)->name != name_) return fail("the source sent a schema of " + (*schema)->name + " for " + name_);
  const Schema& old = server_.find_database(name_)->schema();
  if (has_schema_ && old.same_as(**schema) && old.version == (*schema)->version && old.cksum == (*schema)->cksum) return {};
  has_schema_ = true;
  last_transaction_ = kNoTransaction;
  server_.exchange_database(name_, std::make_unique<Database>(std::move(*schema), nullptr));
  return {};
}

std::set<std::string> Relay::table_names() const {
  std::set<std::string> names;
  for (const auto& table : server_.find_database(name_)->tables()) names.insert(table->name());
  return names;
}

// Older servers know fewer of the monitor methods.
void Relay::monitor(const char* method) {
  json::Json params = json::Json::array({name_, monitor_id(name_), monitor_requests(server_.find_database(name_)->schema())});
  const std::string_view name = method;
  if (name == "monitor_cond_since") params.append(last_transaction_);
  link_.request(method, std::move(params), [this, method, name](const json::Message& reply) {
    if (reply.type != json::Message::Type::kError) return take_contents(reply, method);
    if (name == "monitor_cond_since") return monitor("monitor_cond");
    if (name == "monitor_cond") return monitor("monitor");
    link_.drop("monitor failed: " + reply.error.dump());
  });
}

void Relay::take_contents(const json::Message& reply, const std::string& method) {
  const bool since = method == "monitor_cond_since";
  const bool continues = since && reply.result[0].as_bool();
  const json::Json updates = since ? reply.result[2] : reply.result;
  const UpdateForm form = method == "monitor" ? UpdateForm::kOldNew : UpdateForm::kDiff;
  const std::set<std::string> tables = table_names();
  const auto applied = server_.transactor_of(*server_.find_database(name_)).apply([&](Transaction& txn) {
    return continues ? apply_updates(txn, updates, form, tables) : apply_initial(txn, updates, form, tables);
  });
  last_transaction_ = applied && since ? std::string(reply.result[1].as_string()) : kNoTransaction;
  if (!applied) return link_.drop("contents cannot be taken over: " + applied.error().to_string());
  following_ = true;
  source_serves(source_serves_);
  send_waiting();
}

void Relay::take_notification(const json::Message& message) {
  const json::Json& params = message.params;
  const bool of_source = params[0] == monitor_id("_Server");
  if (of_source && message.method == "update2") return note_source(params[1]);
  if (!(params[0] == monitor_id(name_))) return;
  // The source's database was converted or went away.
  if (message.method == "monitor_canceled") return fetch_schema();
  if (!following_) return;
  const bool since = message.method == "update3";
  if (!since && message.method != "update2" && message.method != "update") return;
  const UpdateForm form = message.method == "update" ? UpdateForm::kOldNew : UpdateForm::kDiff;
  const std::set<std::string> tables = table_names();
  const auto applied = server_.transactor_of(*server_.find_database(name_)).apply([&](Transaction& txn) {
    return apply_updates(txn, params[since ? 2 : 1], form, tables);
  });
  last_transaction_ = applied && since ? std::string(params[1].as_string()) : kNoTransaction;
  if (!applied) link_.drop("an update cannot be taken over: " + applied.error().to_string());
}

// A source that is a relay itself says in its _Server whether it has lost its own.
void Relay::watch_source() {
  const json::Json where = json::Json::array({json::Json::array({"name", "==", name_})});
  const json::Json request = json::Json::object({{"columns", json::Json::array({"connected"})}, {"where", where}});
  link_.request("monitor_cond", json::Json::array({"_Server", monitor_id("_Server"),
                                                   json::Json::object({{"Database", json::Json::array({request})}})}),
                [this](const json::Message& reply) {
                  if (reply.type == json::Message::Type::kReply) note_source(reply.result);
                });
}

void Relay::note_source(const json::Json& updates) {
  std::optional<bool> connected;
  updates.get("Database").each_member([&](std::string_view, const json::Json& row) {
    for (const char* whole : {"initial", "insert"})
      if (row.has(whole)) connected = row.get(whole).get("connected").as_bool();
    if (row.get("modify").has("connected")) connected = row.get("modify").get("connected").as_bool();
  });
  if (connected) source_serves(*connected);
}

void Relay::source_serves(bool connected) {
  source_serves_ = connected;
  if (!connected && has_several_sources_) return link_.drop("the source has lost its own");
  if (following_) set_connected(connected);
}

void Relay::lost() {
  following_ = false;
  for (const auto& [id, trigger] : std::exchange(sent_, {})) trigger->answer(std::string(kUnknownOutcome));
  if (connected_ && !grace_) grace_ = server_.loop().after(kGrace, [this] { set_connected(false); });
}

void Relay::set_connected(bool connected) {
  grace_.reset();
  if (connected_ == connected) return;
  connected_ = connected;
  log_.info("{}: {} the relay source", name_, connected ? "in contact with" : "out of contact with");
  server_.set_connected(name_, connected);
}

void Relay::set_probe_interval(Duration interval) {
  source_.probe_interval = interval;
  link_.set_probe_interval(interval);
}

void Relay::forward(const TriggerPtr& trigger) {
  if (following_) send(trigger);
  else waiting_.push_back(trigger);
}

void Relay::send_waiting() {
  for (const TriggerPtr& trigger : std::exchange(waiting_, {})) send(trigger);
}

void Relay::send(const TriggerPtr& trigger) {
  const auto id = std::make_shared<int64_t>();
  *id = link_.request("transact", trigger->params, [this, id](const json::Message& reply) {
    auto it = sent_.find(*id);
    if (it == sent_.end()) return;
    const TriggerPtr answered = it->second;
    sent_.erase(it);
    if (reply.type == json::Message::Type::kReply) answered->answer(reply.result.dump());
    else if (answered->refuse) answered->refuse(reply.error);
  });
  sent_.emplace(*id, trigger);
}

void Relay::cancel(const TriggerPtr& trigger) {
  waiting_.remove(trigger);
  auto it = std::find_if(sent_.begin(), sent_.end(), [&](const auto& entry) { return entry.second == trigger; });
  if (it == sent_.end()) return;
  link_.notify("cancel", json::Json::array({it->first}));
  sent_.erase(it);
}

bool Relay::holds(const TriggerPtr& trigger) const {
  return std::find(waiting_.begin(), waiting_.end(), trigger) != waiting_.end() ||
         std::any_of(sent_.begin(), sent_.end(), [&](const auto& entry) { return entry.second == trigger; });
}

}  // namespace turnout::ovsdb::server
