// Updates of a monitor as tables on the screen: one table for each table of the database that changed, its rows with
// what happened to them. Pure but for the time of day.
#pragma once

#include <string>
#include <vector>

#include "lib/cli/table.h"
#include "ovsdb/client/monitor_request.h"

namespace turnout::ovsdb::client {

class MonitorOutput {
 public:
  // captions: each table under its name, as where several are monitored.
  MonitorOutput(const std::vector<MonitoredTable>& tables, const cli::TableStyle& style, bool captions, bool timestamps)
      : tables_(tables), style_(style), captions_(captions), timestamps_(timestamps) {}

  // <table-updates> of RFC 7047 §4.1.6, or <table-updates2> of ovsdb-server(7) §4.1.14 where is_v2. The text may be empty.
  // initial: the answer to the request; its rows were there before.
  Result<std::string> format(const json::Json& updates, bool is_v2, bool initial);

 private:
  Status add_row(cli::Table& table, const MonitoredTable& monitored, std::string_view row, std::string_view action,
                 const json::Json& values) const;
  Status add_row_v1(cli::Table& table, const MonitoredTable& monitored, std::string_view row, const json::Json& update,
                    bool initial) const;
  Status add_row_v2(cli::Table& table, const MonitoredTable& monitored, std::string_view row, const json::Json& update) const;

  const std::vector<MonitoredTable>& tables_;   // by name
  const cli::TableStyle& style_;
  bool captions_, timestamps_, first_ = true;
};

}  // namespace turnout::ovsdb::client
