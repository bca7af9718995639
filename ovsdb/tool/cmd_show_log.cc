// show-log: what each record of a database file did.
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>
#include <map>

#include "lib/ovsdb/schema.h"
#include "ovsdb/server/journal.h"
#include "ovsdb/tool/commands.h"

namespace turnout::ovsdb::tool {
namespace {

// Follows the names of rows, so that later records can be told by them.
class LogPrinter {
 public:
  Status print(std::string_view text, size_t index) {
    auto json = json::Json::parse(text);
    if (!json) return fail(json);
    fmt::print("record {}:", index);
    if (index == 0) return print_schema(*json);
    print_date(*json);
    const std::string comment(json->get("_comment").as_string());
    if (!comment.empty()) fmt::print(" \"{}\"", comment);
    fmt::print("\n");
    if (verbosity < 1) return {};
    bool any = false;
    json->each_member([this, &any, is_diff = json->get("_is_diff").as_bool()](std::string_view name, const json::Json& rows) {
      if (name.starts_with('_')) return;
      any = true;
      rows.each_member([&](std::string_view id, const json::Json& row) { print_row(std::string(name), std::string(id), row, is_diff); });
    });
    if (any) fmt::print("\n");
    return {};
  }

 private:
  Status print_schema(const json::Json& json) {
    auto schema = Schema::from_json(json);
    if (!schema) return to_fail(schema);
    schema_ = *schema;
    fmt::print(" \"{}\" schema, version=\"{}\", cksum=\"{}\"\n\n", schema_->name, schema_->version, schema_->cksum);
    return {};
  }

  static void print_date(const json::Json& json) {
    int64_t ms = json.get("_date").as_integer();
    if (!ms) return;
    if (ms < INT64_C(1) << 32) ms *= 1000;   // ovsdb(5): early versions counted seconds
    const std::time_t seconds = static_cast<std::time_t>(ms / 1000);
    std::tm local{};
    ::localtime_r(&seconds, &local);
    fmt::print(" {:%Y-%m-%d %H:%M:%S}.{:03}", local, ms % 1000);
  }

  void print_row(const std::string& table, const std::string& id, const json::Json& row, bool is_diff) {
    const std::string key = table + id, short_id = id.substr(0, 8);
    const bool known = names_.contains(key);
    if (row.has("name")) names_[key] = row.get("name").as_string();
    else names_.try_emplace(key);
    const std::string name = names_[key].empty() ? short_id : fmt::format("\"{}\" ({})", names_[key], short_id);
    if (row.is_null()) {
      fmt::print("  table {} row {}{}:\n    delete row\n", table, name, is_diff ? " diff" : "");
      names_.erase(key);
      return;
    }
    if (known) fmt::print("  table {} row {}{}:\n", table, name, is_diff ? " diff" : "");
    else fmt::print("  table {} insert row {}:\n", table, name);
    if (verbosity > 1) print_columns(table, row);
  }

  void print_columns(const std::string& table, const json::Json& row) {
    const TableSchema* schema = schema_->find(table);
    row.each_member([&](std::string_view name, const json::Json& value) {
      const ColumnSchema* column = schema ? schema->find(name) : nullptr;
      std::string text = value.dump();
      if (column) {
        if (auto datum = datum_from_json_unchecked(column->type, value)) text = datum_to_text(*datum, column->type);
      }
      fmt::print("    {}={}\n", name, text);
    });
  }

  std::shared_ptr<const Schema> schema_;
  std::map<std::string, std::string> names_;   // table and UUID → value of column "name"
};

}  // namespace

Result<int> show_log(Words words) {
  LogPrinter printer;
  auto journal = server::Journal::open(word_or(words, 0, default_database()), server::Journal::Access::kReadOnly,
                                       [&](std::string_view text, size_t index) { return printer.print(text, index); });
  std::fflush(stdout);
  if (!journal) return fail(journal);
  return 0;
}

}  // namespace turnout::ovsdb::tool
