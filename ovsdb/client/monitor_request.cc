// Reads the column groups of a monitor command.
#include "ovsdb/client/monitor_request.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "lib/base/strings.h"

namespace turnout::ovsdb::client {
namespace {

// In the order of the JSON that is sent.
constexpr std::array<std::string_view, 4> kSelects{"initial", "insert", "delete", "modify"};

struct Group {
  std::vector<const ColumnSchema*> columns;
  std::array<bool, kSelects.size()> select{true, true, true, true};
};

std::vector<const ColumnSchema*> all_columns(const TableSchema& table) {
  std::vector<const ColumnSchema*> columns;
  for (const ColumnSchema& column : table.columns) columns.push_back(&column);
  columns.push_back(&version_column());
  return columns;
}

Result<Group> parse_group(const std::string& database, const TableSchema& table, std::string_view text) {
  Group group;
  for (std::string_view word : split_any(text, ",")) {
    const auto select = std::find(kSelects.begin(), kSelects.end(), word.substr(1));
    if (word.starts_with('!') && select != kSelects.end()) {
      group.select[static_cast<size_t>(select - kSelects.begin())] = false;
      continue;
    }
    const ColumnSchema* column = table.find(word);
    if (!column) return fail(fmt::format("table \"{}\" in {} does not have a column named \"{}\"", table.name, database, word));
    group.columns.push_back(column);
  }
  if (group.columns.empty()) group.columns = all_columns(table);
  return group;
}

json::Json group_request(const Group& group, const json::Json* conditions) {
  json::Json columns = json::Json::array(), request = json::Json::object();
  for (const ColumnSchema* column : group.columns) columns.append(json::Json(column->name));
  request.set("columns", columns);
  if (conditions) request.set("where", *conditions);
  if (std::find(group.select.begin(), group.select.end(), false) == group.select.end()) return request;
  json::Json select = json::Json::object();
  for (size_t i = 0; i < kSelects.size(); ++i) select.set(kSelects[i], json::Json(group.select[i]));
  request.set("select", select);
  return request;
}

}  // namespace

Result<MonitoredTable> make_monitored_table(const std::string& database, const TableSchema& table,
                                            std::span<const std::string> groups, const json::Json* conditions) {
  MonitoredTable monitored{&table, {}, json::Json::array()};
  const std::string everything;
  if (groups.empty()) groups = {&everything, 1};
  for (const std::string& text : groups) {
    auto group = parse_group(database, table, text);
    if (!group) return fail(group);
    for (const ColumnSchema* column : group->columns) {
      if (std::find(monitored.columns.begin(), monitored.columns.end(), column) != monitored.columns.end())
        return fail(fmt::format("column \"{}\" mentioned multiple times", column->name));
      monitored.columns.push_back(column);
    }
    monitored.requests.append(group_request(*group, conditions));
  }
  return monitored;
}

json::Json monitor_requests(const std::vector<MonitoredTable>& tables) {
  json::Json requests = json::Json::object();
  for (const MonitoredTable& monitored : tables) requests.set(monitored.table->name, monitored.requests);
  return requests;
}

}  // namespace turnout::ovsdb::client
