// dump: the rows of tables, in an order that does not depend on the server's.
#include <fmt/format.h>

#include <algorithm>

#include "ovsdb/client/commands.h"

namespace turnout::ovsdb::client {
namespace {

struct DumpedTable {
  const TableSchema* table;
  std::vector<const ColumnSchema*> columns;  // by name
};

Result<DumpedTable> choose_columns(const TableSchema& table, Words names) {
  DumpedTable dumped{&table, {}};
  for (const std::string& name : names) {
    const ColumnSchema* column = table.find(name);
    if (!column) return fail(fmt::format("Table \"{}\" has no column {}.", table.name, name));
    if (column != &version_column()) dumped.columns.push_back(column);
  }
  if (names.empty()) {
    dumped.columns.push_back(&uuid_column());
    for (const ColumnSchema& column : table.columns) dumped.columns.push_back(&column);
  }
  std::sort(dumped.columns.begin(), dumped.columns.end(), [](auto* a, auto* b) { return a->name < b->name; });
  return dumped;
}

json::Json selection(const DumpedTable& dumped) {
  json::Json columns = json::Json::array();
  for (const ColumnSchema* column : dumped.columns) columns.append(json::Json(column->name));
  return json::Json::object(
      {{"op", "select"}, {"table", dumped.table->name}, {"where", json::Json::array()}, {"columns", columns}});
}

// By column, the UUIDs last: equal contents of two databases are printed in one order.
bool less(const DumpedTable& dumped, const std::vector<Datum>& a, const std::vector<Datum>& b) {
  size_t uuid_at = dumped.columns.size();
  for (size_t i = 0; i < dumped.columns.size(); ++i) {
    if (dumped.columns[i] == &uuid_column()) uuid_at = i;
    else if (int order = a[i].compare(b[i])) return order < 0;
  }
  return uuid_at < dumped.columns.size() && a[uuid_at].compare(b[uuid_at]) < 0;
}

Result<std::vector<std::vector<Datum>>> read_rows(const DumpedTable& dumped, const json::Json& result) {
  const json::Json rows = result.get("rows");
  if (!rows.is_array()) {
    return fail(fmt::format("{} table reply is not an object with a \"rows\" member array: {}", dumped.table->name,
                            result.dump(json::Json::kSorted)));
  }
  std::vector<std::vector<Datum>> read;
  for (size_t i = 0; i < rows.size(); ++i) {
    std::vector<Datum> values;
    for (const ColumnSchema* column : dumped.columns) {
      auto datum = datum_from_json_unchecked(column->type, rows[i].get(column->name));
      if (!datum) return to_fail(datum);
      values.push_back(std::move(*datum));
    }
    read.push_back(std::move(values));
  }
  std::sort(read.begin(), read.end(), [&](const auto& a, const auto& b) { return less(dumped, a, b); });
  return read;
}

Result<cli::Table> as_table(const DumpedTable& dumped, const json::Json& result) {
  auto rows = read_rows(dumped, result);
  if (!rows) return fail(rows);
  cli::Table table;
  table.set_caption(dumped.table->name + " table");
  for (const ColumnSchema* column : dumped.columns) table.add_column(column->name);
  for (const std::vector<Datum>& row : *rows) {
    std::vector<cli::Cell> cells;
    for (size_t i = 0; i < row.size(); ++i)
      cells.push_back({datum_to_text(row[i], dumped.columns[i]->type), datum_to_bare(row[i]), datum_to_json(row[i])});
    table.add_row(std::move(cells));
  }
  return table;
}

Result<std::vector<DumpedTable>> choose_tables(const Schema& schema, Words words) {
  std::vector<DumpedTable> chosen;
  for (const auto& table : schema.tables()) {
    if (!words.empty() && table->name != words[0]) continue;
    auto dumped = choose_columns(*table, words.empty() ? words : words.subspan(1));
    if (!dumped) return fail(dumped);
    chosen.push_back(std::move(*dumped));
  }
  if (!words.empty() && chosen.empty()) return fail(fmt::format("No table \"{}\" found.", words[0]));
  return chosen;
}

}  // namespace

Result<int> dump(Context& context) {
  auto schema = fetch_schema(context);
  if (!schema) return fail(schema);
  auto chosen = choose_tables(**schema, context.words);
  if (!chosen) return fail(chosen);
  std::vector<json::Json> selections;
  for (const DumpedTable& dumped : *chosen) selections.push_back(selection(dumped));
  auto results = fetch_rows(context, selections);
  if (!results) return fail(results);
  for (size_t i = 0; i < chosen->size(); ++i) {
    auto table = as_table((*chosen)[i], (*results)[i]);
    if (!table) return fail(table);
    if (auto printed = print(table->format(context.settings.style, i == 0)); !printed) return fail(printed);
  }
  return 0;
}

}  // namespace turnout::ovsdb::client
