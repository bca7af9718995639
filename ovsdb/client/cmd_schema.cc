// Commands about schemas: list-dbs, get-schema*, list-tables, list-columns, convert, needs-conversion.
#include <algorithm>

#include "ovsdb/client/commands.h"

namespace turnout::ovsdb::client {
namespace {

using SchemaPtr = std::shared_ptr<const Schema>;

Result<int> done(const Status& status) {
  if (!status) return fail(status);
  return 0;
}

Result<int> print_member(Context& context, std::string Schema::* member) {
  auto schema = fetch_schema(context);
  if (!schema) return fail(schema);
  return done(print((**schema).*member + "\n"));
}

cli::Cell json_cell(const json::Json& value) {
  const std::string text = value.dump(json::Json::kSorted);
  return {text, text, value};
}

// The schema in the file, and a connection to a server of the database that it names.
Result<SchemaPtr> schema_from_file(Context& context) {
  auto json = json::Json::parse_file(context.words[0]);
  if (!json) return fail("failed to read schema: \"" + context.words[0] + "\" could not be read as JSON (" + json.error().message + ")");
  auto schema = Schema::from_json(*json);
  if (!schema) return fail("failed to read schema: " + schema.error().to_string());
  context.database = (*schema)->name;
  if (auto connected = connect(context, context.database); !connected) return fail(connected);
  return *schema;
}

}  // namespace

Result<int> list_dbs(Context& context) {
  auto reply = context.server->request("list_dbs", json::Json::array());
  if (!reply) return fail(reply);
  if (!reply->is_array()) return fail("list_dbs response is not array");
  std::vector<std::string> names;
  for (size_t i = 0; i < reply->size(); ++i) {
    if (!(*reply)[i].is_string()) return fail("list_dbs response " + std::to_string(i) + " is not string");
    names.emplace_back((*reply)[i].as_string());
  }
  std::sort(names.begin(), names.end());
  std::string out;
  for (const std::string& name : names) out += name + "\n";
  return done(print(out));
}

Result<int> get_schema(Context& context) {
  auto schema = fetch_schema(context);
  if (!schema) return fail(schema);
  return done(print_json(context, (*schema)->to_json()));
}

Result<int> get_schema_version(Context& context) { return print_member(context, &Schema::version); }
Result<int> get_schema_cksum(Context& context) { return print_member(context, &Schema::cksum); }

Result<int> list_tables(Context& context) {
  auto schema = fetch_schema(context);
  if (!schema) return fail(schema);
  cli::Table table;
  table.add_column("Table");
  for (const auto& t : (*schema)->tables()) table.add_row({cli::Cell::of_text(t->name)});
  return done(print(table.format(context.settings.style)));
}

Result<int> list_columns(Context& context) {
  auto schema = fetch_schema(context);
  if (!schema) return fail(schema);
  const bool all = context.words.empty();
  cli::Table table;
  if (all) table.add_column("Table");
  table.add_column("Column");
  table.add_column("Type");
  for (const auto& t : (*schema)->tables()) {
    if (!all && t->name != context.words[0]) continue;
    std::vector<const ColumnSchema*> columns{&uuid_column(), &version_column()};
    for (const ColumnSchema& column : t->columns) columns.push_back(&column);
    for (const ColumnSchema* column : columns) {
      std::vector<cli::Cell> row;
      if (all) row.push_back(cli::Cell::of_text(t->name));
      row.push_back(cli::Cell::of_text(column->name));
      row.push_back(json_cell(column->type.to_json()));
      table.add_row(std::move(row));
    }
  }
  return done(print(table.format(context.settings.style)));
}

Result<int> convert(Context& context) {
  auto schema = schema_from_file(context);
  if (!schema) return fail(schema);
  // A server that is told may keep this connection over the change.
  if (auto aware = context.server->request("set_db_change_aware", json::Json::array({true})); !aware) return fail(aware);
  auto reply = context.server->request("convert", json::Json::array({context.database, (*schema)->to_json()}));
  if (!reply) return fail(reply);
  return 0;
}

Result<int> needs_conversion(Context& context) {
  auto wanted = schema_from_file(context);
  if (!wanted) return fail(wanted);
  auto present = fetch_schema(context);
  if (!present) return fail(present);
  return done(print(**wanted == **present ? "no\n" : "yes\n"));
}

}  // namespace turnout::ovsdb::client
