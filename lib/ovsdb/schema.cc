// Schemas from JSON and back, with the reference's complaints.
#include "lib/ovsdb/schema.h"

#include <algorithm>

#include <fmt/format.h>

#include "lib/ovsdb/members.h"

namespace turnout::ovsdb {

using json::Json;

bool Schema::is_valid_id(std::string_view id) {
  auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  if (id.empty() || !letter(id[0])) return false;
  return std::all_of(id.begin(), id.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

bool Schema::is_valid_version(std::string_view v) {
  int parts = 0;
  while (true) {
    size_t digits = 0;
    while (digits < v.size() && v[digits] >= '0' && v[digits] <= '9') digits++;
    if (!digits) return false;
    parts++;
    v.remove_prefix(digits);
    if (v.empty()) return parts == 3;
    if (v[0] != '.') return false;
    v.remove_prefix(1);
  }
}

namespace {

const ColumnSchema& synthetic(const char* name, int index) {
  auto* column = new ColumnSchema;  // lives as long as the program
  column->name = name;
  column->type.key.type = AtomType::kUuid;
  column->is_mutable = false;
  column->persistent = index == ColumnSchema::kUuid;
  column->index = index;
  return *column;
}

// Names of tables and columns.
DbStatus check_name(const Json& about, std::string_view name) {
  if (!Schema::is_valid_id(name)) return syntax_fail(about, "name must be a valid id");
  if (name[0] == '_') return syntax_fail(about, "names beginning with \"_\" are reserved");
  return {};
}

DbResult<ColumnSchema> column_from_json(std::string_view name, const Json& json) {
  ColumnSchema column;
  column.name = name;
  Members members(json, fmt::format("schema for column {}", name));
  Json is_mutable = members.optional("mutable", Members::kBoolean);
  Json ephemeral = members.optional("ephemeral", Members::kBoolean);
  Json type = members.required("type", Members::kString | Members::kObject);
  if (auto s = members.finish(); !s) return db_fail(s);
  auto parsed = ColumnType::from_json(type);
  if (!parsed) return db_fail(parsed);
  column.type = std::move(*parsed);
  column.is_mutable = is_mutable.is_null() || is_mutable.as_bool();
  column.persistent = !ephemeral.as_bool();
  return column;
}

DbResult<std::vector<const ColumnSchema*>> index_from_json(const TableSchema& table, const Json& table_json, const Json& json) {
  std::vector<const ColumnSchema*> index;
  if (!json.is_array()) return syntax_fail(json, "array of distinct column names expected");
  for (size_t i = 0; i < json.size(); i++) {
    Json name = json[i];
    if (!name.is_string()) return syntax_fail(json, "array of distinct column names expected");
    const ColumnSchema* column = table.find(name.as_string());
    if (!column) return syntax_fail(json, fmt::format("{} is not a valid column name", name.as_string()));
    if (std::find(index.begin(), index.end(), column) != index.end())
      return syntax_fail(json, "array of distinct column names expected");
    index.push_back(column);
  }
  if (index.empty()) return syntax_fail(table_json, "index must have at least one column");
  for (const ColumnSchema* column : index)
    if (!column->persistent)
      return syntax_fail(table_json, fmt::format("ephemeral columns (such as {}) may not be indexed", column->name));
  return index;
}

DbStatus read_columns(TableSchema* table, const Json& table_json, const Json& columns) {
  DbStatus status;
  columns.each_member([&](std::string_view name, const Json& json) {
    if (!status) return;
    if (auto s = check_name(table_json, name); !s) {
      status = s;
      return;
    }
    auto column = column_from_json(name, json);
    if (!column) status = DbStatus(db_fail(column));
    else table->columns.push_back(std::move(*column));
  });
  if (!status) return status;
  if (table->columns.empty()) return syntax_fail(table_json, "table must have at least one column");
  std::sort(table->columns.begin(), table->columns.end(), [](auto& a, auto& b) { return a.name < b.name; });
  for (size_t i = 0; i < table->columns.size(); i++) table->columns[i].index = static_cast<int>(i);
  return {};
}

}  // namespace

const ColumnSchema& uuid_column() {
  static const ColumnSchema& column = synthetic("_uuid", ColumnSchema::kUuid);
  return column;
}

const ColumnSchema& version_column() {
  static const ColumnSchema& column = synthetic("_version", ColumnSchema::kVersion);
  return column;
}

const ColumnSchema* TableSchema::find(std::string_view column) const {
  auto found = std::lower_bound(columns.begin(), columns.end(), column,
                                [](const ColumnSchema& c, std::string_view wanted) { return c.name < wanted; });
  if (found != columns.end() && found->name == column) return &*found;
  if (column == "_uuid") return &uuid_column();
  if (column == "_version") return &version_column();
  return nullptr;
}

DbResult<std::unique_ptr<TableSchema>> TableSchema::from_json(std::string_view name, const Json& json) {
  auto table = std::make_unique<TableSchema>();
  table->name = name;
  Members members(json, fmt::format("table schema for table {}", name));
  Json columns = members.required("columns", Members::kObject);
  Json max_rows = members.optional("maxRows", Members::kInteger);
  Json is_root = members.optional("isRoot", Members::kBoolean);
  Json indexes = members.optional("indexes", Members::kArray);
  if (auto s = members.finish(); !s) return db_fail(s);
  if (!max_rows.is_null()) {
    if (max_rows.as_integer() <= 0) return syntax_fail(json, "maxRows must be at least 1");
    table->max_rows = static_cast<uint32_t>(std::min<int64_t>(max_rows.as_integer(), kUnlimited));
  }
  table->is_root = is_root.as_bool();
  if (auto s = read_columns(table.get(), json, columns); !s) return db_fail(s);
  for (size_t i = 0; i < indexes.size(); i++) {
    auto index = index_from_json(*table, json, indexes[i]);
    if (!index) return db_fail(index);
    table->indexes.push_back(std::move(*index));
  }
  return table;
}

DbResult<std::shared_ptr<const Schema>> Schema::from_json(const Json& json) {
  auto schema = std::make_shared<Schema>();
  Members members(json, "database schema");
  Json name = members.required("name", Members::kId);
  Json version = members.optional("version", Members::kString);
  Json cksum = members.optional("cksum", Members::kString);
  Json tables = members.required("tables", Members::kObject);
  if (auto s = members.finish(); !s) return db_fail(s);
  schema->name = name.as_string();
  schema->version = version.as_string();
  schema->cksum = cksum.as_string();
  if (version.is_string() && !is_valid_version(schema->version))
    return syntax_fail(json, fmt::format("schema version \"{}\" not in format x.y.z", schema->version));
  DbStatus status;
  tables.each_member([&](std::string_view table_name, const Json& table_json) {
    if (!status) return;
    if (auto s = check_name(json, table_name); !s) {
      status = s;
      return;
    }
    auto table = TableSchema::from_json(table_name, table_json);
    if (!table) status = DbStatus(db_fail(table));
    else schema->tables_.push_back(std::move(*table));
  });
  if (!status) return db_fail(status);
  std::sort(schema->tables_.begin(), schema->tables_.end(), [](auto& a, auto& b) { return a->name < b->name; });
  if (std::none_of(schema->tables_.begin(), schema->tables_.end(), [](auto& t) { return t->is_root; }))
    for (auto& table : schema->tables_) table->is_root = true;
  if (auto s = schema->check_references(); !s) return db_fail(s);
  return std::shared_ptr<const Schema>(std::move(schema));
}

DbStatus Schema::check_references() const {
  for (const auto& table : tables_)
    for (const ColumnSchema& column : table->columns)
      for (bool key : {true, false}) {
        const BaseType& base = key ? column.type.key : column.type.value;
        if (base.is_reference() && !find(base.ref_table))
          return db_fail("syntax error", fmt::format("column {} {} refers to undefined table {}", column.name,
                                                     key ? "key" : "value", base.ref_table));
      }
  return {};
}

DbResult<std::shared_ptr<const Schema>> Schema::from_file(const std::string& path) {
  auto json = Json::parse_file(path);
  if (!json) return db_fail("", fmt::format("failed to read schema: {}", json.error().message));
  auto schema = from_json(*json);
  if (schema) return schema;
  DbError error = schema.error();
  error.details = fmt::format("failed to parse \"{}\" as ovsdb schema: {}", path, error.details);
  return tl::unexpected<DbError>(std::move(error));
}

const TableSchema* Schema::find(std::string_view table) const {
  auto found = std::lower_bound(tables_.begin(), tables_.end(), table,
                                [](const auto& t, std::string_view wanted) { return t->name < wanted; });
  return found != tables_.end() && (*found)->name == table ? found->get() : nullptr;
}

// ---- out: members by name, as the reference prints them ----

Json ColumnSchema::to_json() const {
  Json out = Json::object();
  if (!persistent) out.set("ephemeral", true);
  if (!is_mutable) out.set("mutable", false);
  out.set("type", type.to_json());
  return out;
}

Json TableSchema::to_json(bool default_is_root) const {
  Json out = Json::object();
  Json all = Json::object();
  for (const ColumnSchema& column : columns) all.set(column.name, column.to_json());
  out.set("columns", all);
  if (!indexes.empty()) {
    Json list = Json::array();
    for (const auto& index : indexes) {
      Json names = Json::array();
      for (const ColumnSchema* column : index) names.append(column->name);
      list.append(names);
    }
    out.set("indexes", list);
  }
  if (is_root && !default_is_root) out.set("isRoot", true);
  if (max_rows != kUnlimited) out.set("maxRows", int64_t{max_rows});
  return out;
}

Json Schema::to_json() const {
  Json out = Json::object();
  bool all_root = std::all_of(tables_.begin(), tables_.end(), [](auto& t) { return t->is_root; });
  if (!cksum.empty()) out.set("cksum", cksum);
  out.set("name", name);
  Json all = Json::object();
  for (const auto& table : tables_) all.set(table->name, table->to_json(all_root));
  out.set("tables", all);
  if (!version.empty()) out.set("version", version);
  return out;
}

bool Schema::same_as(const Schema& other) const {
  return name == other.name && to_json().get("tables") == other.to_json().get("tables");
}

}  // namespace turnout::ovsdb
