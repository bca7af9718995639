// Writing and reading records of the database file.
#include "ovsdb/server/record.h"

#include "lib/base/clock.h"
#include "ovsdb/server/database.h"

namespace turnout::ovsdb::server {
namespace {

void append_name(std::string& out, std::string_view name) {
  json::append_quoted(out, name);
  out += ':';
}

// The columns that are kept and differ from `before` (null: from the defaults). False if there are none.
bool append_columns(std::string& out, const Table& table, const Row* before, const Row& after, bool as_diff = false) {
  out += '{';
  const size_t start = out.size();
  for (const ColumnSchema& column : table.schema().columns) {
    if (!column.persistent) continue;
    const Datum& value = after.get(column);
    if (before ? value == before->get(column) : table.is_default(column, value)) continue;
    if (out.size() != start) out += ',';
    append_name(out, column.name);
    if (before && as_diff && column.type.max > 1) {
      append_datum_json(out, value.diff2(before->get(column)));
    } else {
      append_datum_json(out, value);
    }
  }
  const bool any = out.size() != start;
  out += '}';
  return any;
}

// Release 3.1 cannot read every difference that it writes: one with more elements than its column may have is refused,
// one to a default that is not empty is taken for the whole value.
bool is_misread(const Table& table, const ColumnSchema& column, const Datum& before, const Datum& after) {
  if (!column.persistent || column.type.max <= 1 || before == after) return false;
  if (column.type.min > 0 && table.is_default(column, before)) return true;
  return before.size() + after.size() > column.type.max && after.diff2(before).size() > column.type.max;
}

// Whether the record may hold differences; a record without them holds whole values.
bool fits_as_diff(const Transaction& txn) {
  if (!Database::writes_diffs) return false;
  for (const Change& change : txn.changes()) {
    if (!change.before || !change.after) continue;
    const Table& table = *change.key.table;
    for (const ColumnSchema& column : table.schema().columns)
      if (is_misread(table, column, change.before->get(column), change.after->get(column))) return false;
  }
  return true;
}

bool append_change(std::string& out, const Change& change, bool as_diff) {
  const size_t start = out.size();
  out += '"' + change.key.id.to_string() + "\":";
  if (!change.after) {
    out += "null";
    return true;
  }
  if (append_columns(out, *change.key.table, change.before.get(), *change.after, as_diff) || !change.before) return true;
  out.resize(start);
  return false;
}

std::string record_start() { return "{\"_date\":" + std::to_string(process_clock().wall_ms()); }

void append_comment(std::string& out, std::string_view comment) {
  if (comment.empty()) return;
  out += ",\"_comment\":";
  json::append_quoted(out, comment);
}

DbStatus check_elements(const BaseType& type, const Datum& datum, bool values) {
  if (!type.has_constraints()) return {};
  for (size_t i = 0; i < datum.size(); ++i)
    if (auto good = type.check(values ? datum.value(i) : datum.key(i)); !good) return good;
  return {};
}

// A difference is applied where the value lies: a record that adds one element costs nothing for the thousands before it.
DbStatus apply_difference(const ColumnSchema& column, const json::Json& json, Datum& value) {
  const ColumnType& type = column.type;
  auto delta = datum_from_json_unchecked(type, json);
  if (!delta) return db_fail(delta);
  if (auto good = check_elements(type.key, *delta, false); !good) return good;
  if (auto good = type.is_map() ? check_elements(type.value, *delta, true) : DbStatus(); !good) return good;
  value.apply_diff(*delta);
  if (value.size() < type.min || value.size() > type.max) return type.check(value);
  return {};
}

// Finds columns that are named in their order, as both projects write them, by going on from the last one.
class ColumnFinder {
 public:
  explicit ColumnFinder(const TableSchema& schema) : schema_(schema), next_(schema.columns.begin()) {}
  const ColumnSchema* find(std::string_view name) {
    for (; next_ != schema_.columns.end(); ++next_)
      if (next_->name == name) return &*next_++;
    next_ = schema_.columns.begin();
    const ColumnSchema* const column = schema_.find(name);
    if (column && !column->is_synthetic()) next_ += column->index + 1;
    return column;
  }

 private:
  const TableSchema& schema_;
  std::vector<ColumnSchema>::const_iterator next_;
};

DbStatus apply_columns(const Table& table, Row& row, bool is_new, const json::Json& columns, bool is_diff) {
  DbStatus status;
  ColumnFinder finder(table.schema());
  columns.each_member([&](std::string_view name, const json::Json& json) {
    if (!status) return;
    const ColumnSchema* column = finder.find(name);
    if (!column || column->is_synthetic()) {
      status = syntax_fail(columns, "No column " + std::string(name) + " in table " + table.name() + ".", "unknown column");
      return;
    }
    if (!is_new && is_diff && column->type.max > 1) {
      status = apply_difference(*column, json, row.at(*column));
      return;
    }
    auto value = datum_from_json(column->type, json);
    if (value) row.at(*column) = std::move(*value);
    else status = db_fail(value);
  });
  return status;
}

DbStatus apply_row(Transaction& txn, Table& table, const Uuid& id, const json::Json& json, bool is_diff) {
  const Table::Slot* slot = table.find(id);
  if (json.is_null()) {
    if (!slot) return db_fail("syntax error", "transaction deletes row " + id.to_string() + " that does not exist");
    txn.erase(table, id);
    return {};
  }
  if (!json.is_object()) return syntax_fail(json, "<row> must be object or null");
  if (slot) {
    const RowPtr before = slot->row;
    return apply_columns(table, txn.modify(table, before), false, json, is_diff);
  }
  auto row = table.blank_row();
  row->uuid = Datum::uuid(id);
  if (auto applied = apply_columns(table, *row, true, json, is_diff); !applied) return applied;
  txn.insert(table, std::move(row));
  return {};
}

DbStatus apply_table(Transaction& txn, Table& table, const json::Json& rows, bool is_diff) {
  if (!rows.is_object()) return syntax_fail(rows, "object expected");
  DbStatus status;
  rows.each_member([&](std::string_view name, const json::Json& json) {
    if (!status) return;
    if (auto id = Uuid::parse(name)) status = apply_row(txn, table, *id, json, is_diff);
    else status = syntax_fail(rows, '"' + std::string(name) + "\" is not a valid UUID");
  });
  return status;
}

}  // namespace

std::string transaction_record(const Transaction& txn, std::string_view comment) {
  std::string out = record_start();
  const bool as_diff = fits_as_diff(txn);
  bool any = false;
  // Changes are grouped by table; there are few tables in one transaction.
  std::vector<const Table*> tables;
  for (const Change& change : txn.changes()) {
    const Table* table = change.key.table;
    bool known = false;
    for (const Table* t : tables) known |= t == table;
    if (known) continue;
    tables.push_back(table);
    const size_t start = out.size();
    out += ',';
    append_name(out, table->name());
    out += '{';
    const size_t first = out.size();
    for (const Change& c : txn.changes()) {
      if (c.key.table != table) continue;
      const size_t before = out.size();
      if (before != first) out += ',';
      if (!append_change(out, c, as_diff)) out.resize(before);
    }
    if (out.size() == first) {
      out.resize(start);
      continue;
    }
    out += '}';
    any = true;
  }
  if (!any) return {};
  if (as_diff) out += ",\"_is_diff\":true";
  append_comment(out, comment);
  out += '}';
  return out;
}

std::string snapshot_record(const Database& database, std::string_view comment) {
  std::string out = record_start();
  for (const auto& table : database.tables()) {
    if (table->rows().empty()) continue;
    out += ',';
    append_name(out, table->name());
    char separator = '{';
    for (const auto& [id, slot] : table->rows()) {
      out += separator;
      separator = ',';
      out += '"' + id.to_string() + "\":";
      append_columns(out, *table, nullptr, *slot.row);
    }
    out += '}';
  }
  append_comment(out, comment);
  out += '}';
  return out;
}

DbStatus apply_record(Transaction& txn, const json::Json& record) {
  const bool is_diff = record.get("_is_diff").as_bool();
  DbStatus status;
  record.each_member([&](std::string_view name, const json::Json& rows) {
    if (!status || name.starts_with('_')) return;
    Table* table = txn.database().find_table(name);
    if (table) status = apply_table(txn, *table, rows, is_diff);
    else status = syntax_fail(record, "No table named " + std::string(name) + ".", "unknown table");
  });
  return status;
}

}  // namespace turnout::ovsdb::server
