// The operations of RFC 7047 §5.2 for what a transaction did to its rows.
#include "lib/ovsdb/txn_writer.h"

#include <algorithm>

#include "lib/ovsdb/text_token.h"

namespace turnout::ovsdb {

using json::Json;

namespace {

// What a row that does not exist yet is called on the wire.
std::string row_name(const Uuid& uuid) {
  std::string name = "row" + uuid.to_string();
  for (char& c : name)
    if (c == '-') c = '_';
  return name;
}

// The bytes that are no UTF-8; the server would close the connection over them.
std::string bad_text(std::string_view text) {
  bool plain = std::all_of(text.begin(), text.end(), [](char c) { return static_cast<signed char>(c) >= 0; });
  return plain ? "" : invalid_utf8(text);
}

const std::string& column_name(const IdlRow& row, const ColumnEdit& c) {
  return row.table().schema().columns[static_cast<size_t>(c.column)].name;
}

}  // namespace

void TxnWriter::begin(const char* op, const std::string& table) {
  out_ += ",{\"op\":\"";
  out_ += op;
  out_ += "\",\"table\":";
  json::append_quoted(out_, table);
  ops_++;
}

void TxnWriter::begin(const char* op, const IdlRow* row) {
  begin(op, row->table().name());
  where(row->uuid());
}

void TxnWriter::where(const Uuid& uuid) {
  out_ += ",\"where\":[[\"_uuid\",\"==\",";
  append_atom(Atom::uuid(uuid));
  out_ += "]]";
}

void TxnWriter::append_atom(AtomView atom) {
  if (atom.type() == AtomType::kUuid && txn_.insert_ops_.contains(atom.uuid()))
    out_ += "[\"named-uuid\",\"" + row_name(atom.uuid()) + "\"]";
  else
    append_atom_json(out_, atom);
}

void TxnWriter::append_datum(const Datum& datum) {
  bool uuids = datum.key_type() == AtomType::kUuid || datum.value_type() == AtomType::kUuid;
  if (!uuids || txn_.insert_ops_.empty()) return append_datum_json(out_, datum);
  bool map = datum.is_map();
  if (datum.size() == 1 && !map) return append_atom(datum.key(0));
  out_ += map ? "[\"map\",[" : "[\"set\",[";
  for (size_t i = 0; i < datum.size(); i++) {
    if (i) out_ += ',';
    if (map) out_ += '[';
    append_atom(datum.key(i));
    if (map) {
      out_ += ',';
      append_atom(datum.value(i));
      out_ += ']';
    }
  }
  out_ += "]]";
}

void TxnWriter::collect_inserts() {
  for (const IdlRow* row : txn_.touched_)
    if (row->edit_->inserted && !row->edit_->deleted) txn_.insert_ops_[row->uuid()] = 0;
}

void TxnWriter::write_verifications(const IdlRow& row) {
  for (const ColumnEdit& c : row.edit_->columns) {
    if (!c.verified) continue;
    begin("wait", &row);
    out_ += ",\"columns\":[";
    json::append_quoted(out_, column_name(row, c));
    out_ += "],\"until\":\"==\",\"rows\":[{";
    json::append_quoted(out_, column_name(row, c));
    out_ += ':';
    append_datum(row.data_[static_cast<size_t>(c.column)]);
    out_ += "}],\"timeout\":0";
    end();
  }
}

void TxnWriter::write_insert(const IdlRow& row) {
  txn_.insert_ops_[row.uuid()] = ops_;
  begin("insert", row.table().name());
  if (row.edit_->keeps_uuid) out_ += ",\"uuid\":\"" + row.uuid().to_string() + '"';
  out_ += ",\"uuid-name\":\"" + row_name(row.uuid()) + "\",\"row\":{";
  bool first = true;
  for (const ColumnEdit& c : row.edit_->columns) {
    if (!c.written) continue;
    if (!first) out_ += ',';
    first = false;
    json::append_quoted(out_, column_name(row, c));
    out_ += ':';
    append_datum(c.value);
  }
  out_ += '}';
  end();
  changes_ = true;
}

void TxnWriter::write_update(const IdlRow& row) {
  bool first = true;
  for (const ColumnEdit& c : row.edit_->columns) {
    if (!c.written) continue;
    if (first) {
      begin("update", &row);
      out_ += ",\"row\":{";
    } else {
      out_ += ',';
    }
    first = false;
    json::append_quoted(out_, column_name(row, c));
    out_ += ':';
    append_datum(c.value);
  }
  if (first) return;
  out_ += '}';
  end();
  changes_ = true;
}

void TxnWriter::write_mutations(const IdlRow& row) {
  bool first = true;
  auto mutation = [&](const ColumnEdit& c, const char* mutator, const Datum& arg) {
    if (arg.empty()) return;
    if (first) {
      begin("mutate", &row);
      out_ += ",\"mutations\":[";
    } else {
      out_ += ',';
    }
    first = false;
    out_ += '[';
    json::append_quoted(out_, column_name(row, c));
    out_ += ",\"";
    out_ += mutator;
    out_ += "\",";
    append_datum(arg);
    out_ += ']';
  };
  for (const ColumnEdit& c : row.edit_->columns) {
    if (c.written || !c.mutated) continue;
    mutation(c, "delete", c.removed);
    mutation(c, "insert", c.added);
  }
  if (first) return;
  out_ += ']';
  end();
  changes_ = true;
}

void TxnWriter::write_row(const IdlRow& row) {
  const IdlRow::Edit& edit = *row.edit_;
  if (edit.inserted) {
    if (!edit.deleted) write_insert(row);
  } else if (edit.deleted) {
    begin("delete", &row);
    end();
    changes_ = true;
  } else {
    write_update(row);
    write_mutations(row);
  }
}

void TxnWriter::write_increment() {
  begin("mutate", txn_.increment_table_->name);
  where(*txn_.increment_row_);
  out_ += ",\"mutations\":[[";
  json::append_quoted(out_, txn_.increment_column_->name);
  out_ += ",\"+=\",1]]";
  end();
  txn_.increment_select_ = ops_;
  begin("select", txn_.increment_table_->name);
  where(*txn_.increment_row_);
  out_ += ",\"columns\":[";
  json::append_quoted(out_, txn_.increment_column_->name);
  out_ += ']';
  end();
}

std::optional<std::string> TxnWriter::write() {
  collect_inserts();
  out_ = "[";
  json::append_quoted(out_, txn_.idl_.schema().name);
  if (!txn_.idl_.lock_name().empty()) {
    out_ += ",{\"op\":\"assert\",\"lock\":";
    json::append_quoted(out_, txn_.idl_.lock_name());
    end();
    ops_++;
  }
  for (const IdlRow* row : txn_.touched_) write_verifications(*row);
  for (const IdlRow* row : txn_.touched_) write_row(*row);
  if (txn_.increment_row_ && (changes_ || txn_.forced_)) {
    write_increment();
    changes_ = true;
  }
  if (!changes_) return std::nullopt;
  if (!txn_.comment_.empty()) {
    out_ += ",{\"op\":\"comment\",\"comment\":";
    out_ += Json(txn_.comment_).dump();   // replaces what is no UTF-8
    end();
    ops_++;
  }
  if (txn_.durable_) out_ += ",{\"op\":\"commit\",\"durable\":true}";
  if (txn_.dry_run_) out_ += ",{\"op\":\"abort\"}";
  out_ += ']';
  if (std::string bad = bad_text(out_); !bad.empty()) {
    txn_.error_ = "{\"details\":\"not a valid UTF-8 string: invalid UTF-8 sequence " + bad + "\",\"error\":\"constraint violation\"}";
    return std::nullopt;
  }
  return std::move(out_);
}

}  // namespace turnout::ovsdb
