// What a monitor command line asks for: table, columns in the order in which they are shown, and the <monitor-requests>
// of RFC 7047 §4.1.5. Pure.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "lib/ovsdb/condition.h"
#include "lib/ovsdb/schema.h"

namespace turnout::ovsdb::client {

struct MonitoredTable {
  const TableSchema* table;
  std::vector<const ColumnSchema*> columns;
  json::Json requests;      // an array
};

// groups: "COLUMN[,COLUMN]…" each, with "!initial", "!insert", "!delete", "!modify" among the columns; a group without
// columns means all, no group means one of all. Conditions, where there are any, go with every group. Fails on a column that
// the table does not have or that is named twice.
Result<MonitoredTable> make_monitored_table(const std::string& database, const TableSchema& table,
                                            std::span<const std::string> groups, const json::Json* conditions);
// {TABLE: requests, …}
json::Json monitor_requests(const std::vector<MonitoredTable>& tables);

}  // namespace turnout::ovsdb::client
