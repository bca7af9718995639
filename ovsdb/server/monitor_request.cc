// Reading <monitor-requests> and <monitor-cond-requests>.
#include <algorithm>

#include "ovsdb/server/monitor_feed.h"
#include "ovsdb/server/object_parser.h"

namespace turnout::ovsdb::server {
namespace {

DbResult<unsigned> parse_select(const std::string& table, const json::Json& json) {
  ObjectParser parser(json, "table " + table + " select");
  unsigned select = 0;
  auto flag = [&](std::string_view name, unsigned bit) {
    auto value = parser.optional(name, kJsonBoolean);
    if (!value || value->as_bool()) select |= bit;
  };
  flag("initial", kSelectInitial);
  flag("insert", kSelectInsert);
  flag("delete", kSelectDelete);
  flag("modify", kSelectModify);
  if (auto parsed = parser.finish(); !parsed) return db_fail(parsed);
  return select;
}

DbStatus add_column(MonitoredTable& monitored, const ColumnSchema& column, unsigned select, const json::Json& about) {
  auto same = [&](const MonitoredColumn& c) { return c.column == &column; };
  if (std::any_of(monitored.columns.begin(), monitored.columns.end(), same))
    return syntax_fail(about, "column " + column.name + " mentioned more than once");
  monitored.columns.push_back({&column, select});
  return {};
}

DbStatus add_columns(MonitoredTable& monitored, const std::optional<json::Json>& names, unsigned select,
                     const json::Json& request) {
  const TableSchema& schema = monitored.table->schema();
  if (!names) {
    if (auto added = add_column(monitored, version_column(), select, request); !added) return added;
    for (const ColumnSchema& column : schema.columns)
      if (auto added = add_column(monitored, column, select, request); !added) return added;
    return {};
  }
  for (size_t i = 0; i < names->size(); ++i) {
    const json::Json name = (*names)[i];
    if (!name.is_string()) return syntax_fail(*names, "array of column names expected");
    const ColumnSchema* column = schema.find(name.as_string());
    if (!column) return syntax_fail(*names, std::string(name.as_string()) + " is not a valid column name");
    if (auto added = add_column(monitored, *column, select, *names); !added) return added;
  }
  return {};
}

DbStatus parse_request(MonitoredTable& monitored, const json::Json& json, MonitorMethod method) {
  ObjectParser parser(json, "table " + monitored.table->name());
  std::optional<json::Json> where;
  if (method != MonitorMethod::kMonitor) where = parser.optional("where", kJsonArray);
  auto columns = parser.optional("columns", kJsonArray);
  auto select_json = parser.optional("select", kJsonObject);
  if (auto parsed = parser.finish(); !parsed) return parsed;
  unsigned select = kSelectAll;
  if (select_json) {
    auto chosen = parse_select(monitored.table->name(), *select_json);
    if (!chosen) return db_fail(chosen);
    select = *chosen;
  }
  monitored.select |= select;
  if (auto added = add_columns(monitored, columns, select, json); !added) return added;
  if (!where) return {};
  auto condition = Condition::from_json(monitored.table->schema(), *where);
  if (!condition) return db_fail(condition);
  for (Clause& clause : condition->clauses) monitored.condition.clauses.push_back(std::move(clause));
  return {};
}

}  // namespace

DbResult<std::vector<MonitoredTable>> parse_monitor_requests(const Database& database, const json::Json& requests,
                                                             MonitorMethod method) {
  if (!requests.is_object()) return syntax_fail(requests, "monitor-requests must be object");
  std::vector<MonitoredTable> tables;
  DbStatus status;
  requests.each_member([&](std::string_view name, const json::Json& json) {
    if (!status) return;
    Table* table = database.find_table(name);
    if (!table) {
      status = db_fail("syntax error", "no table named " + std::string(name));
      return;
    }
    MonitoredTable monitored{table, {}, 0, {}};
    if (json.is_array()) {
      for (size_t i = 0; i < json.size() && status; ++i) status = parse_request(monitored, json[i], method);
    } else {
      status = parse_request(monitored, json, method);
    }
    tables.push_back(std::move(monitored));
  });
  if (!status) return db_fail(status);
  return tables;
}

}  // namespace turnout::ovsdb::server
