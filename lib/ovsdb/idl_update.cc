// Inserts, changes and deletes rows of the replica as the server says, and keeps track of what changed.
#include "lib/ovsdb/idl_update.h"

#include <algorithm>

#include <fmt/format.h>

#include "lib/ovsdb/idl_txn.h"

namespace turnout::ovsdb {

using json::Json;

Status IdlUpdate::apply(const Json& updates, bool initial) {
  if (!updates.is_object()) return fail("<table-updates> is not an object");
  Status status;
  updates.each_member([&](std::string_view name, const Json& rows) {
    if (!status) return;
    IdlTable* table = idl_.table(name);
    if (!table || !table->monitored_) status = fail(fmt::format("<table-updates> includes unknown table \"{}\"", name));
    else status = apply_table(*table, rows);
  });
  if (!status || !initial) return status;
  for (auto& table : idl_.tables_) erase_unseen(*table, updates.get(table->name()));
  return {};
}

Status IdlUpdate::apply_table(IdlTable& table, const Json& rows) {
  if (!rows.is_object()) return fail(fmt::format("<table-update> for table \"{}\" is not an object", table.name()));
  Status status;
  rows.each_member([&](std::string_view name, const Json& update) {
    if (!status) return;
    auto uuid = Uuid::parse(name);
    if (!uuid) status = fail(fmt::format("<table-update> for table \"{}\" contains bad UUID \"{}\" as member name", table.name(), name));
    else status = form_ == Form::kDiff ? apply_row2(table, *uuid, update) : apply_row(table, *uuid, update);
  });
  return status;
}

Status IdlUpdate::apply_row(IdlTable& table, const Uuid& uuid, const Json& update) {
  Json after = update.get("new"), before = update.get("old");
  auto at = table.rows_.find(uuid);
  if (!after.is_object()) {
    if (at != table.rows_.end()) erase(table, at);
    return {};
  }
  if (at != table.rows_.end()) return write_columns(*at->second, after, before.is_object() ? &before : nullptr);
  Status status;
  insert(table, uuid, after, &status);
  return status;
}

void IdlUpdate::insert(IdlTable& table, const Uuid& uuid, const Json& columns, Status* status) {
  auto row = table.make_row_(table, uuid);
  row->data_ = std::make_unique<Datum[]>(table.columns_.size());
  std::copy(table.defaults_.begin(), table.defaults_.end(), row->data_.get());
  IdlRow& stays = *(table.rows_[uuid] = std::move(row));
  note(stays, Change::kInserted);
  *status = write_columns(stays, columns, nullptr);
}

// One member says what happened: initial, insert, modify or delete.
Status IdlUpdate::apply_row2(IdlTable& table, const Uuid& uuid, const Json& update) {
  auto at = table.rows_.find(uuid);
  if (update.has("delete")) {
    if (at != table.rows_.end()) erase(table, at);
    return {};
  }
  if (Json diff = update.get("modify"); diff.is_object()) {
    if (at != table.rows_.end()) return modify_columns(*at->second, diff);
    return fail(fmt::format("<row-update2> modifies row {} of table \"{}\", which is not there", uuid.to_string(), table.name()));
  }
  Json whole = update.get(update.has("initial") ? "initial" : "insert");
  if (!whole.is_object())
    return fail(fmt::format("<row-update2> of row {} of table \"{}\" has no row", uuid.to_string(), table.name()));
  if (at != table.rows_.end()) return write_whole(*at->second, whole);
  Status status;
  insert(table, uuid, whole, &status);
  return status;
}

const ColumnSchema* IdlUpdate::monitored_column(const IdlTable& table, std::string_view name) {
  const ColumnSchema* column = table.schema().find(name);
  return column && !column->is_synthetic() && table.columns_[column->index].monitored ? column : nullptr;
}

namespace {
tl::unexpected<Error> column_fail(const IdlTable& table, std::string_view column, const DbError& why) {
  return fail(fmt::format("column {} of table {}: {}", column, table.name(), why.to_string()));
}
}  // namespace

// Writes the columns of `columns`; with `only`, those that it names too: the rest of a modified row is as it was.
Status IdlUpdate::write_columns(IdlRow& row, const Json& columns, const Json* only) {
  IdlTable& table = row.table();
  Status status;
  columns.each_member([&](std::string_view name, const Json& value) {
    if (!status || (only && !only->has(name))) return;
    const ColumnSchema* column = monitored_column(table, name);
    if (!column) return;
    // Constraints are the server's business: a newer schema may allow more. The number of elements is not, because
    // scalars are read without looking.
    auto datum = datum_from_json_unchecked(column->type, value);
    if (!datum) {
      status = column_fail(table, name, datum.error());
      return;
    }
    store(row, *column, datum->size() < column->type.min ? column->type.default_datum() : std::move(*datum));
  });
  return status;
}

// Writes every column: what `columns` lacks has its default.
Status IdlUpdate::write_whole(IdlRow& row, const Json& columns) {
  IdlTable& table = row.table();
  for (const ColumnSchema& column : table.schema().columns)
    if (table.columns_[column.index].monitored && !columns.has(column.name)) store(row, column, table.defaults_[column.index]);
  return write_columns(row, columns, nullptr);
}

// A column of at most one element comes with its new value, a set or map with the difference from the old one.
Status IdlUpdate::modify_columns(IdlRow& row, const Json& diff) {
  IdlTable& table = row.table();
  Status status;
  diff.each_member([&](std::string_view name, const Json& value) {
    const ColumnSchema* column = status ? monitored_column(table, name) : nullptr;
    if (!column) return;
    auto datum = datum_from_json_unchecked(column->type, value);
    if (!datum) {
      status = column_fail(table, name, datum.error());
      return;
    }
    if (table.columns_[column->index].one_value) {
      store(row, *column, datum->size() < column->type.min ? column->type.default_datum() : std::move(*datum));
    } else {
      Datum now = row.data_[column->index];
      now.apply_diff(*datum);
      store(row, *column, now.size() < column->type.min ? column->type.default_datum() : std::move(now));
    }
  });
  return status;
}

void IdlUpdate::store(IdlRow& row, const ColumnSchema& column, Datum value) {
  Datum& place = row.data_[column.index];
  if (place == value) return;
  place = std::move(value);
  if (!row.table().columns_[column.index].alert) return;
  mark_column(row, column.index);
  note(row, Change::kModified);
}

void IdlUpdate::erase(IdlTable& table, IdlTable::Map::iterator at) {
  std::unique_ptr<IdlRow> row = std::move(at->second);
  table.rows_.erase(at);
  if (row->edit_ && idl_.txn_) idl_.txn_->forget(*row);
  bool unknown = table.track_ && row->change_ == Change::kInserted;
  if (unknown) {  // came and went unseen
    table.tracked_.erase(std::find(table.tracked_.begin(), table.tracked_.end(), row.get()));
    alerts_ = true;
    return;
  }
  note(*row, Change::kDeleted);
  if (table.track_) table.dead_.push_back(std::move(row));
}

void IdlUpdate::erase_unseen(IdlTable& table, const Json& rows) {
  for (auto at = table.rows_.begin(); at != table.rows_.end();) {
    auto here = at++;
    if (!here->second->data_) continue;  // inserted by the open transaction
    if (!rows.has(here->first.to_string())) erase(table, here);
  }
}

void IdlUpdate::note(IdlRow& row, Change change) {
  alerts_ = true;
  IdlTable& table = row.table();
  if (!table.track_) return;
  if (row.change_ == Change::kNone) {
    table.tracked_.push_back(&row);
    row.change_ = change;
  } else if (change == Change::kDeleted) {
    row.change_ = change;
  }
}

void IdlUpdate::mark_column(IdlRow& row, int column) {
  if (!row.table().track_) return;
  if (row.changed_columns_.empty()) row.changed_columns_.resize((row.table().columns_.size() + 63) / 64);
  row.changed_columns_[static_cast<size_t>(column) / 64] |= uint64_t{1} << (column % 64);
}

}  // namespace turnout::ovsdb
