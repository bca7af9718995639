// From updates to rows of "row, action, COLUMN…".
#include "ovsdb/client/monitor_output.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>

#include "lib/base/clock.h"
#include "ovsdb/client/commands.h"

namespace turnout::ovsdb::client {
namespace {

// Local time with milliseconds.
std::string time_of_day() {
  const int64_t ms = process_clock().wall_ms();
  const std::time_t seconds = static_cast<std::time_t>(ms / 1000);
  std::tm local{};
  ::localtime_r(&seconds, &local);
  return fmt::format("{:%Y-%m-%d %H:%M:%S}.{:03}", local, ms % 1000);
}

tl::unexpected<Error> malformed(std::string_view what, const json::Json& json) {
  return fail(fmt::format("{} expected in update from server: {}", what, json.dump(json::Json::kSorted)));
}

}  // namespace

Status MonitorOutput::add_row(cli::Table& table, const MonitoredTable& monitored, std::string_view row, std::string_view action,
                              const json::Json& values) const {
  std::vector<cli::Cell> cells{cli::Cell::of_text(row), cli::Cell::of_text(action)};
  for (const ColumnSchema* column : monitored.columns) {
    if (!values.has(column->name)) {
      cells.push_back(cli::Cell::of_nothing());
      continue;
    }
    auto cell = cell_of(*column, values.get(column->name));
    if (!cell) return fail(cell);
    cells.push_back(std::move(*cell));
  }
  table.add_row(std::move(cells));
  return {};
}

Status MonitorOutput::add_row_v1(cli::Table& table, const MonitoredTable& monitored, std::string_view row,
                                 const json::Json& update, bool initial) const {
  const json::Json before = update.get("old"), after = update.get("new");
  if (initial) return add_row(table, monitored, row, "initial", after);
  if (before.is_null()) return add_row(table, monitored, row, "insert", after);
  if (after.is_null()) return add_row(table, monitored, row, "delete", before);
  if (auto added = add_row(table, monitored, row, "old", before); !added) return added;
  return add_row(table, monitored, "", "new", after);
}

Status MonitorOutput::add_row_v2(cli::Table& table, const MonitoredTable& monitored, std::string_view row,
                                 const json::Json& update) const {
  for (const char* action : {"initial", "insert", "modify", "delete"})
    if (update.has(action)) return add_row(table, monitored, row, action, update.get(action));
  return malformed("\"initial\", \"insert\", \"modify\" or \"delete\"", update);
}

Result<std::string> MonitorOutput::format(const json::Json& updates, bool is_v2, bool initial) {
  if (!updates.is_object()) return malformed("object", updates);
  std::string out;
  for (const MonitoredTable& monitored : tables_) {
    const json::Json rows = updates.get(monitored.table->name);
    if (rows.size() == 0) continue;
    cli::Table table;
    if (captions_) table.set_caption(monitored.table->name);
    if (timestamps_) table.set_timestamp(time_of_day());
    table.add_column("row");
    table.add_column("action");
    for (const ColumnSchema* column : monitored.columns) table.add_column(column->name);
    Status status;
    rows.each_member([&](std::string_view row, const json::Json& update) {
      if (!status) return;
      if (!update.is_object()) status = malformed("object", update);
      else status = is_v2 ? add_row_v2(table, monitored, row, update) : add_row_v1(table, monitored, row, update, initial);
    });
    if (!status) return fail(status);
    out += table.format(style_, std::exchange(first_, false));
  }
  return out;
}

}  // namespace turnout::ovsdb::client
