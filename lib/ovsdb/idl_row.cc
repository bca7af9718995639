// Rows of the replica: reads through the open transaction, and the edits that writes make.
#include <cstdio>
#include <cstdlib>

#include "lib/ovsdb/idl_edit.h"
#include "lib/ovsdb/idl_txn.h"

namespace turnout::ovsdb {

IdlRow::IdlRow(IdlTable& table, const Uuid& uuid) : uuid_(Datum::uuid(uuid)), table_(&table) {}
IdlRow::~IdlRow() = default;

const Datum& IdlRow::get(int column) const {
  static const Datum no_version(AtomType::kUuid);
  if (column == ColumnSchema::kUuid) return uuid_;
  if (column < 0) return no_version;
  if (edit_)
    if (const ColumnEdit* c = edit_->find(column)) return c->value;
  return data_ ? data_[column] : table_->defaults_[column];
}

const Datum& IdlRow::committed(const ColumnSchema& column) const {
  if (column.is_synthetic() || !data_) return column.is_synthetic() ? get(column) : table_->defaults_[column.index];
  return data_[column.index];
}

bool IdlRow::is_new() const { return edit_ && edit_->inserted; }
bool IdlRow::is_deleted() const { return edit_ && edit_->deleted; }

bool IdlRow::changed(int column) const {
  if (column < 0) return change_ == Change::kInserted || change_ == Change::kDeleted;
  size_t word = static_cast<size_t>(column) / 64;
  return word < changed_columns_.size() && (changed_columns_[word] >> (column % 64) & 1);
}

IdlRow::Edit& IdlRow::edit() {
  IdlTxn* txn = table_->idl_.txn_;
  if (!txn) {
    fprintf(stderr, "a row of %s was written outside a transaction\n", table_->name().c_str());
    abort();
  }
  if (!edit_) {
    edit_ = std::make_unique<Edit>();
    txn->touch(*this);
  }
  return *edit_;
}

ColumnEdit& IdlRow::edit_column(int column) {
  Edit& e = edit();
  for (ColumnEdit& c : e.columns)
    if (c.column == column) return c;
  Datum value = get(column);
  e.columns.push_back(ColumnEdit{.column = column, .value = std::move(value), .added = {}, .removed = {}});
  return e.columns.back();
}

void IdlRow::set(int column, Datum value) {
  if (column < 0) return;
  if (get(column) == value && !(edit_ && edit_->find(column))) return;
  ColumnEdit& c = edit_column(column);
  bool same = (data_ ? data_[column] : table_->defaults_[column]) == value;
  c.value = std::move(value);
  c.written = !same;
  c.mutated = false;
  c.added = Datum();
  c.removed = Datum();
}

void IdlRow::insert_into(int column, const Datum& elements) {
  if (column < 0) return;
  const ColumnType& type = table_->schema_.columns[column].type;
  if (type.max == 1 && elements.size() == 1) return set(column, elements);
  for (size_t i = 0; i < elements.size(); i++) {
    AtomView key = elements.key(i);
    size_t at = get(column).find(key);
    if (at != Datum::kNotFound && (!elements.is_map() || get(column).value(at) == elements.value(i))) continue;
    ColumnEdit& c = edit_column(column);
    if (elements.is_map()) c.value.insert(key, elements.value(i));
    else c.value.insert(key);
    if (c.written || !data_) {
      c.written = true;
      continue;
    }
    c.mutated = true;
    if (!elements.is_map()) {
      // What was removed before comes back: nothing to send for it.
      if (!c.removed.erase(key)) c.added.insert(key);
    } else {
      if (data_[column].contains(key)) c.removed.insert(key);
      c.added.insert(key, elements.value(i));
    }
  }
}

void IdlRow::remove_from(int column, const Datum& elements) {
  if (column < 0) return;
  for (size_t i = 0; i < elements.size(); i++) {
    AtomView key = elements.key(i);
    size_t at = get(column).find(key);
    if (at == Datum::kNotFound) continue;
    if (elements.is_map() && !(get(column).value(at) == elements.value(i))) continue;
    ColumnEdit& c = edit_column(column);
    c.value.erase(key);
    if (c.written || !data_) {
      c.written = true;
      continue;
    }
    c.mutated = true;
    c.added.erase(key);
    if (data_[column].contains(key)) c.removed.insert(key);
  }
}

void IdlRow::verify(int column) {
  if (column < 0 || !data_) return;
  edit_column(column).verified = true;
}

void IdlRow::erase() { edit().deleted = true; }

}  // namespace turnout::ovsdb
