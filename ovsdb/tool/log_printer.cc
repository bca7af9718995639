// What a transaction record says, row by row.
#include "ovsdb/tool/log_printer.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>

#include "ovsdb/tool/commands.h"

namespace turnout::ovsdb::tool {

Status LogPrinter::print_schema(std::string_view label, const json::Json& json) {
  auto schema = Schema::from_json(json);
  if (!schema) return to_fail(schema);
  schema_ = *schema;
  const char* const what = label.empty() ? " schema" : "";
  fmt::print("{} \"{}\"{}, version=\"{}\", cksum=\"{}\"\n", label, schema_->name, what, schema_->version, schema_->cksum);
  return {};
}

void LogPrinter::print_date(const json::Json& record) {
  int64_t ms = record.get("_date").as_integer();
  if (!ms) return;
  if (ms < INT64_C(1) << 32) ms *= 1000;   // ovsdb(5): early versions counted seconds
  const std::time_t seconds = static_cast<std::time_t>(ms / 1000);
  std::tm local{};
  ::localtime_r(&seconds, &local);
  fmt::print(" {:%Y-%m-%d %H:%M:%S}.{:03}", local, ms % 1000);
}

void LogPrinter::print_transaction(const json::Json& record) {
  print_date(record);
  const std::string comment(record.get("_comment").as_string());
  if (!comment.empty()) fmt::print(" \"{}\"", comment);
  fmt::print("\n");
  if (verbosity < 1) return;
  bool any = false;
  record.each_member([this, &any, is_diff = record.get("_is_diff").as_bool()](std::string_view name, const json::Json& rows) {
    if (name.starts_with('_')) return;
    any = true;
    rows.each_member([&](std::string_view id, const json::Json& row) { print_row(std::string(name), std::string(id), row, is_diff); });
  });
  if (any) fmt::print("\n");
}

void LogPrinter::print_row(const std::string& table, const std::string& id, const json::Json& row, bool is_diff) {
  const std::string key = table + id, short_id = id.substr(0, 8);
  const auto known = names_.find(key);
  const bool is_known = known != names_.end();
  const std::string named = row.has("name") ? fmt::format("\"{}\"", row.get("name").as_string()) : "";
  // A row that is renamed is told by its old name.
  std::string name = is_known ? known->second : !named.empty() ? named : short_id;
  if (is_known || !named.empty()) name += " (" + short_id + ")";
  fmt::print("  table {} {} {}{}:\n", table, is_known || row.is_null() ? "row" : "insert row", name,
             is_known && is_diff ? " diff" : "");
  if (row.is_null()) {
    fmt::print("    delete row\n");
    names_.erase(key);
    return;
  }
  if (!named.empty()) names_[key] = named;
  else names_.try_emplace(key, short_id);
  if (verbosity > 1) print_columns(table, row);
}

void LogPrinter::print_columns(const std::string& table, const json::Json& row) {
  const TableSchema* schema = schema_ ? schema_->find(table) : nullptr;
  row.each_member([&](std::string_view name, const json::Json& value) {
    const ColumnSchema* column = schema ? schema->find(name) : nullptr;
    std::string text = value.dump();
    if (column) {
      if (auto datum = datum_from_json_unchecked(column->type, value)) text = datum_to_text(*datum, column->type);
    }
    fmt::print("    {}={}\n", name, text);
  });
}

}  // namespace turnout::ovsdb::tool
