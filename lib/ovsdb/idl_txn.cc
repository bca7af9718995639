// The life of a transaction: open, sent, judged.
#include "lib/ovsdb/idl_txn.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "lib/ovsdb/txn_writer.h"

namespace turnout::ovsdb {

using json::Json;

std::string_view to_string(TxnStatus status) {
  switch (status) {
    case TxnStatus::kUncommitted: return "uncommitted";
    case TxnStatus::kUnchanged: return "unchanged";
    case TxnStatus::kIncomplete: return "incomplete";
    case TxnStatus::kAborted: return "aborted";
    case TxnStatus::kSuccess: return "success";
    case TxnStatus::kTryAgain: return "try again";
    case TxnStatus::kNotLocked: return "not locked";
    case TxnStatus::kError: return "error";
  }
  return "unknown";
}

IdlTxn::IdlTxn(Idl& idl) : idl_(idl) {
  if (idl_.txn_) {
    fprintf(stderr, "a second transaction was opened on one replica\n");
    ::abort();
  }
  idl_.txn_ = this;
}

IdlTxn::~IdlTxn() {
  if (orphaned_) return;
  if (status_ == TxnStatus::kUncommitted) disassemble();
  if (request_id_) idl_.outstanding_.erase(*request_id_);
}

IdlRow& IdlTxn::insert(const TableSchema& schema, std::optional<Uuid> local) {
  IdlTable& table = idl_.table(schema);
  Uuid uuid = local ? *local : Uuid::random();
  IdlRow& row = *(table.rows_[uuid] = table.make_row_(table, uuid));
  row.edit().inserted = true;
  return row;
}

IdlRow& IdlTxn::insert_as(const TableSchema& schema, const Uuid& uuid) {
  IdlRow& row = insert(schema, uuid);
  row.edit().keeps_uuid = true;
  return row;
}

void IdlTxn::comment(std::string_view line) {
  if (!comment_.empty()) comment_ += '\n';
  comment_ += line;
}

void IdlTxn::increment(const IdlRow& row, const ColumnSchema& column, bool force) {
  increment_row_ = row.uuid();
  increment_table_ = &row.table().schema();
  increment_column_ = &column;
  forced_ = force;
}

void IdlTxn::forget(IdlRow& row) {
  touched_.erase(std::remove(touched_.begin(), touched_.end(), &row), touched_.end());
  conflict_ = true;
}

void IdlTxn::orphan() {
  orphaned_ = true;
  status_ = TxnStatus::kTryAgain;
}

void IdlTxn::disassemble() {
  if (idl_.txn_ != this) return;
  idl_.txn_ = nullptr;
  for (IdlRow* row : std::exchange(touched_, {})) {
    bool inserted = row->edit_->inserted;
    row->edit_.reset();
    if (inserted) row->table_->rows_.erase(row->uuid());
  }
}

void IdlTxn::abort() {
  if (status_ != TxnStatus::kUncommitted) return;
  disassemble();
  status_ = TxnStatus::kAborted;
}

TxnStatus IdlTxn::commit() {
  if (status_ != TxnStatus::kUncommitted) return status_;
  if (conflict_ || !idl_.is_connected()) {
    status_ = TxnStatus::kTryAgain;
  } else if (!idl_.lock_.empty() && !idl_.has_lock_) {
    status_ = TxnStatus::kNotLocked;
  } else if (auto params = TxnWriter(*this).write()) {
    int64_t id = idl_.session_->next_id().as_integer();
    request_id_ = id;
    idl_.outstanding_[id] = this;
    status_ = TxnStatus::kIncomplete;
    idl_.session_->send_text("{\"method\":\"transact\",\"params\":" + *params + ",\"id\":" + std::to_string(id) + "}");
  } else {
    status_ = error_.empty() ? TxnStatus::kUnchanged : TxnStatus::kError;
  }
  disassemble();
  return status_;
}

TxnStatus IdlTxn::commit_block(std::optional<Duration> timeout) {
  if (commit() != TxnStatus::kIncomplete) return status_;
  idl_.loop().run_until([this] { return status_ != TxnStatus::kIncomplete || !idl_.is_alive(); }, timeout);
  if (status_ == TxnStatus::kIncomplete && !idl_.is_alive()) status_ = TxnStatus::kTryAgain;
  return status_;
}

void IdlTxn::finish(TxnStatus status) {
  request_id_.reset();
  status_ = status;
  if (auto done = std::exchange(done_, nullptr)) done(status);  // may destroy *this
}

void IdlTxn::on_reply(const json::Message& message) {
  if (message.type == json::Message::Type::kError) {
    error_ = message.error.dump(Json::kSorted);
    return finish(TxnStatus::kError);
  }
  if (!message.result.is_array()) {
    error_ = "reply to transact is not an array";
    return finish(TxnStatus::kError);
  }
  TxnStatus status = judge(message.result);
  if (status == TxnStatus::kSuccess) take_results(message.result);
  finish(status);
}

// One result per operation, null for what was not tried; an error of the commit itself comes after the last.
TxnStatus IdlTxn::judge(const Json& results) {
  TxnStatus status = TxnStatus::kSuccess;
  for (size_t i = 0; i < results.size(); i++) {
    Json result = results[i];
    if (!result.is_object() || !result.has("error")) continue;
    std::string_view tag = result.get("error").as_string();
    if (tag == "aborted" && dry_run_) continue;
    if (tag == "timed out") {
      status = TxnStatus::kTryAgain;
    } else if (tag == "not owner") {
      return TxnStatus::kNotLocked;
    } else {
      error_ = result.dump(Json::kSorted);
      return TxnStatus::kError;
    }
  }
  return status;
}

void IdlTxn::take_results(const Json& results) {
  for (const auto& [local, index] : insert_ops_) {
    Json uuid = results[index].get("uuid");
    if (auto real = Uuid::parse(uuid[1].as_string())) inserted_[local] = *real;
  }
  if (increment_select_) {
    Json row = results[increment_select_].get("rows")[0];
    increment_value_ = row.get(increment_column_->name).as_integer();
  }
}

std::optional<Uuid> IdlTxn::inserted_uuid(const Uuid& local) const {
  auto found = inserted_.find(local);
  if (found == inserted_.end()) return std::nullopt;
  return found->second;
}

}  // namespace turnout::ovsdb
