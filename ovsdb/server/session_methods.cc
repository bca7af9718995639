// The methods of the protocol (RFC 7047 §4.1, ovsdb-server(7)).
#include <algorithm>

#include "lib/base/log.h"
#include "ovsdb/server/server.h"
#include "ovsdb/server/session.h"

namespace turnout::ovsdb::server {
namespace {

tl::unexpected<DbError> params_fail(const json::Message& message, std::string details) {
  return syntax_fail(message.params, std::move(details));
}

// The lock that lock, steal and unlock name, or an error.
DbResult<std::string> lock_name(const json::Message& message) {
  const json::Json name = message.params[0];
  if (message.params.size() == 1 && name.is_string() && Schema::is_valid_id(name.as_string()))
    return std::string(name.as_string());
  return params_fail(message, message.method + " request params must be <id>");
}

}  // namespace

void Session::handle_request(const Message& message) {
  const std::string& method = message.method;
  if (refuse_restricted(message)) return;
  if (method == "transact") return transact(message);
  if (method == "monitor_cancel") return monitor_cancel(message);
  if (method == "convert") return convert(message);
  if (method == "echo") return send_result(message.id, message.params.dump());
  if (method == "list_dbs") return reply(message.id, list_dbs(message));
  if (method == "get_schema") return reply(message.id, get_schema(message));
  if (method == "monitor") return reply(message.id, monitor(message, MonitorMethod::kMonitor));
  if (method.starts_with("monitor_cond") && !server_.has_monitor_cond())
    return send_error(message.id, json::Json("unknown method"));
  if (method == "monitor_cond") return reply(message.id, monitor(message, MonitorMethod::kMonitorCond));
  if (method == "monitor_cond_since") return reply(message.id, monitor(message, MonitorMethod::kMonitorCondSince));
  if (method == "monitor_cond_change") return reply(message.id, monitor_cond_change(message));
  if ((method == "lock" || method == "steal" || method == "unlock") && (options_.read_only || server_.is_backup()))
    return send_error(message.id, json::Json("lock and unlock methods not allowed, DB server is read only."));
  if (method == "lock") return reply(message.id, take_lock(message, false));
  if (method == "steal") return reply(message.id, take_lock(message, true));
  if (method == "unlock") return reply(message.id, unlock(message));
  if (method == "set_db_change_aware") return reply(message.id, set_change_aware(message));
  if (method == "get_server_id") return send_result(message.id, '"' + server_.id().to_string() + '"');
  send_error(message.id, json::Json("unknown method"));
}

// What a restricted client must not do besides changing rows.
bool Session::refuse_restricted(const Message& message) {
  const std::string& method = message.method;
  if (options_.read_only && (method == "lock" || method == "steal" || method == "unlock")) {
    send_error(message.id, json::Json("lock and unlock methods not allowed, DB server is read only."));
    return true;
  }
  if (method != "convert" || (!options_.read_only && options_.role.empty())) return false;
  if (options_.read_only)
    reply(message.id, db_fail("not allowed", "convert operation not allowed when database server is in read only mode"));
  else
    reply(message.id, db_fail("permission error", "RBAC role \"" + options_.role + "\" prohibits conversion of a database."));
  return true;
}

void Session::handle_notification(const Message& message) {
  if (message.method == "cancel" && message.params.size() == 1) cancel(message.params[0]);
}

DbResult<Database*> Session::database_of(const Message& message) {
  const json::Json name = message.params[0];
  if (!name.is_string()) return params_fail(message, message.method + " request params must begin with <db-name>");
  Database* const database = server_.find_database(name.as_string());
  if (database && server_.is_available(*database)) return database;
  if (database) {
    return db_fail("database not available", message.method + " request specifies database " + database->name() +
                                                 " which is not yet available because it has not completed joining its cluster");
  }
  return syntax_fail(message.params,
                     message.method + " request specifies unknown database " + std::string(name.as_string()),
                     "unknown database");
}

DbResult<std::string> Session::list_dbs(const Message&) {
  json::Json names = json::Json::array();
  for (const std::string& name : server_.database_names()) names.append(name);
  return names.dump();
}

DbResult<std::string> Session::get_schema(const Message& message) {
  auto database = database_of(message);
  if (!database) return db_fail(database);
  return (*database)->schema_text();
}

void Session::transact(const Message& message) {
  auto database = database_of(message);
  if (!database) return send_error(message.id, database.error().to_json());
  const std::string id_text = message.id.dump();
  if (triggers_.contains(id_text))
    return reply(message.id, params_fail(message, "transact: duplicate request ID"));
  auto trigger = std::make_shared<Trigger>();
  trigger->params = message.params;
  trigger->read_only = options_.read_only;
  if (!options_.role.empty()) trigger->principal = Principal{options_.role, client_};
  trigger->owns_lock = [this](std::string_view lock) { return server_.locks().owns(*this, lock); };
  trigger->answer = [this, id = message.id, id_text](std::string result) {
    triggers_.erase(id_text);
    send_result(id, result);
  };
  trigger->refuse = [this, id = message.id, id_text](const json::Json& error) {
    triggers_.erase(id_text);
    send_error(id, error);
  };
  Transactor& transactor = server_.transactor_of(**database);
  triggers_[id_text] = {trigger, &transactor};
  transactor.submit(std::move(trigger));
}

void Session::cancel(const json::Json& id) {
  auto it = triggers_.find(id.dump());
  if (it == triggers_.end() || !it->second.second->is_waiting(it->second.first)) return;
  it->second.second->cancel(it->second.first);
  triggers_.erase(it);
  send_error(id, json::Json("canceled"));
}

Monitor* Session::find_monitor(const json::Json& id) {
  for (const auto& monitor : monitors_)
    if (monitor->id() == id) return monitor.get();
  return nullptr;
}

DbResult<std::string> Session::monitor(const Message& message, MonitorMethod method) {
  auto database = database_of(message);
  if (!database) return db_fail(database);
  const bool since = method == MonitorMethod::kMonitorCondSince;
  if (message.params.size() != (since ? 4u : 3u)) return params_fail(message, "invalid parameters");
  const json::Json id = message.params[1];
  if (find_monitor(id)) return syntax_fail(id, "duplicate monitor ID");
  if (since && !message.params[3].is_string()) return syntax_fail(message.params[3], "last-txn-id must be string");
  if (since && !Uuid::parse(message.params[3].as_string()))
    return syntax_fail(message.params[3], "last-txn-id must be UUID format.");
  auto tables = parse_monitor_requests(**database, message.params[2], method);
  if (!tables) return db_fail(tables);
  // What awaits the journal is in the tables already; it must be on disk before anybody is told of it.
  server_.transactor_of(**database).flush();
  auto made = std::make_unique<Monitor>(**database, method, id, std::move(*tables), [this] {
    has_news_ = true;
    server_.note_news(*this);
  });
  std::string initial = made->initial(since ? *Uuid::parse(message.params[3].as_string()) : Uuid());
  monitors_.push_back(std::move(made));
  return initial;
}

DbResult<std::string> Session::monitor_cond_change(const Message& message) {
  if (message.params.size() != 3) return params_fail(message, "invalid parameters");
  const json::Json id = message.params[0], new_id = message.params[1];
  Monitor* monitor = find_monitor(id);
  if (!monitor) return syntax_fail(id, "unknown monitor session");
  if (!(id == new_id) && find_monitor(new_id)) return syntax_fail(new_id, "duplicate monitor ID");
  server_.transactor_of(monitor->database()).flush();
  send_pending();
  if (auto changed = monitor->change_conditions(message.params[2], new_id); !changed) return db_fail(changed);
  has_news_ |= monitor->has_pending();
  return std::string("{}");
}

void Session::monitor_cancel(const Message& message) {
  if (message.params.size() != 1) return send_error(message.id, json::Json("invalid parameters"));
  auto same = [&](const std::unique_ptr<Monitor>& m) { return m->id() == message.params[0]; };
  auto it = std::find_if(monitors_.begin(), monitors_.end(), same);
  if (it == monitors_.end()) return send_error(message.id, json::Json("unknown monitor"));
  monitors_.erase(it);
  send_result(message.id, "{}");
}

DbResult<std::string> Session::take_lock(const Message& message, bool steal) {
  auto name = lock_name(message);
  if (!name) return name;
  if (server_.locks().waits_or_owns(*this, *name))
    return params_fail(message, "must issue \"unlock\" before new \"" + message.method + '"');
  const bool locked = server_.locks().lock(*this, *name, steal);
  return std::string(locked ? "{\"locked\":true}" : "{\"locked\":false}");
}

DbResult<std::string> Session::unlock(const Message& message) {
  auto name = lock_name(message);
  if (!name) return name;
  if (!server_.locks().unlock(*this, *name))
    return params_fail(message, "unlock: \"unlock\" without \"lock\" or \"steal\"");
  return std::string("{}");
}

DbResult<std::string> Session::set_change_aware(const Message& message) {
  if (message.params.size() != 1 || !message.params[0].is_bool())
    return params_fail(message, "set_db_change_aware: true or false parameter expected");
  change_aware_ = message.params[0].as_bool();
  return std::string("{}");
}

void Session::convert(const Message& message) {
  auto database = database_of(message);
  if (!database) return send_error(message.id, database.error().to_json());
  if (message.params.size() != 2) return reply(message.id, params_fail(message, "array expected"));
  auto schema = Schema::from_json(message.params[1]);
  if (!schema) return send_error(message.id, schema.error().to_json());
  if ((*schema)->name != (*database)->name()) {
    return reply(message.id, db_fail("invalid parameters", "new schema name (" + (*schema)->name +
                                                               ") does not match database name (" +
                                                               (*database)->name() + ')'));
  }
  const json::Json id = message.id;
  // Closes this session as well unless it is aware of changes, after its answer.
  if (auto converted = server_.convert_database((*database)->name(), *schema); !converted)
    return send_error(id, converted.error().to_json());
  send_result(id, "{}");
  server_.disconnect_unaware();
}

}  // namespace turnout::ovsdb::server
