// Running, holding up, writing and answering transactions.
#include "ovsdb/server/trigger.h"

#include <algorithm>

#include "lib/base/counters.h"
#include "lib/base/log.h"
#include "ovsdb/server/record.h"

namespace turnout::ovsdb::server {
namespace {

Log log_{"ovsdb_server"};
Counter transactions{"ovsdb_transaction"};
Counter writes{"ovsdb_journal_write"};

// Whether a request would change the database, were all its conditions met.
bool changes_database(const json::Json& params) {
  for (size_t i = 1; i < params.size(); ++i) {
    const json::Json operation = params[i].get("op");
    const std::string_view name = operation.as_string();
    if (name == "insert" || name == "update" || name == "mutate" || name == "delete") return true;
  }
  return false;
}

}  // namespace

Transactor::Transactor(io::Loop& loop, Database& database, std::function<void()> updated)
    : loop_(loop), database_(database), updated_(std::move(updated)) {}

Transactor::~Transactor() { flush(); }

void Transactor::submit(TriggerPtr trigger) {
  if (forwarder_ && !trigger->read_only && changes_database(trigger->params)) return forwarder_->forward(trigger);
  trigger->received = loop_.clock().now();
  auto outcome = run(trigger);
  if (!outcome) return;
  if (!outcome->txn && batch_.empty()) {
    if (!trigger->canceled) trigger->answer(std::move(outcome->executed.result) + ']');
    return;
  }
  // Whatever ran after an unwritten change may have seen it, so it is answered after the write as well.
  batch_.push_back(std::move(outcome));
  flush_soon();
}

void Transactor::flush_soon() {
  if (flush_posted_) return;
  flush_posted_ = true;
  loop_.post([this, alive = std::weak_ptr<bool>(alive_)] {
    if (!alive.expired()) flush();
  });
}

std::unique_ptr<Transactor::Outcome> Transactor::run(const TriggerPtr& trigger) {
  auto outcome = std::make_unique<Outcome>();
  outcome->trigger = trigger;
  auto txn = std::make_unique<Transaction>(database_);
  Execution execution{*txn, trigger->owns_lock};
  execution.elapsed_ms = (loop_.clock().now() - trigger->received).count() / 1'000'000;
  execution.reserved = database_.name().starts_with('_');
  execution.read_only = trigger->read_only || read_only_ || (database_.read_only() && !execution.reserved);
  if (trigger->principal) execution.principal = &*trigger->principal;
  outcome->executed = execute(execution, trigger->params);
  transactions.add();
  if (execution.blocked) {
    hold(trigger, execution.timeout_ms);
    return nullptr;
  }
  trigger->timeout.reset();
  if (outcome->executed.failed) return outcome;
  if (auto sound = txn->prepare(); !sound) {
    append_commit_error(outcome->executed, sound.error());
    return outcome;
  }
  if (txn->changes().empty()) {
    txn->finish();
    return outcome;
  }
  outcome->record = transaction_record(*txn, execution.comment);
  outcome->durable = execution.durable;
  outcome->txn = std::move(txn);
  return outcome;
}

void Transactor::hold(const TriggerPtr& trigger, std::optional<int64_t> timeout_ms) {
  if (std::find(waiting_.begin(), waiting_.end(), trigger) == waiting_.end()) waiting_.push_back(trigger);
  if (!timeout_ms) return;
  // A wait beyond what the clock can count is one without an end.
  constexpr int64_t kLongest = int64_t{1000} * 60 * 60 * 24 * 365 * 100;
  if (*timeout_ms >= kLongest) return;
  trigger->timeout = loop_.at(trigger->received + std::chrono::milliseconds(*timeout_ms), [this, trigger] {
    waiting_.remove(trigger);
    auto outcome = run(trigger);
    if (!outcome) return;
    batch_.push_back(std::move(outcome));
    flush();
  });
}

bool Transactor::is_waiting(const TriggerPtr& trigger) const {
  return std::find(waiting_.begin(), waiting_.end(), trigger) != waiting_.end() ||
         (forwarder_ && forwarder_->holds(trigger));
}

void Transactor::cancel(const TriggerPtr& trigger) {
  trigger->canceled = true;
  trigger->timeout.reset();
  waiting_.remove(trigger);
  if (forwarder_) forwarder_->cancel(trigger);
}

DbStatus Transactor::apply(const std::function<DbStatus(Transaction&)>& fill) {
  flush();
  Transaction txn(database_);
  if (auto filled = fill(txn); !filled) return filled;
  if (auto sound = txn.prepare(); !sound) return sound;
  if (txn.changes().empty()) {
    txn.finish();
    return {};
  }
  if (const std::string record = transaction_record(txn, {}); !record.empty() && database_.storage()) {
    writes.add();
    if (auto written = database_.storage()->append({&record, 1}, false); !written)
      return db_fail("I/O error", written.error().message);
  }
  txn.finish();
  database_.publish(txn.changes());
  updated_();
  retry_waiting();
  compact_if_due();
  return {};
}

Status Transactor::write(const std::vector<std::unique_ptr<Outcome>>& batch) {
  std::vector<std::string> records;
  bool durable = false;
  for (const auto& outcome : batch) {
    if (outcome->record.empty()) continue;
    records.push_back(std::move(outcome->record));
    durable |= outcome->durable;
  }
  if (records.empty() || !database_.storage()) return {};
  writes.add();
  return database_.storage()->append(records, durable);
}

void Transactor::flush() {
  flush_posted_ = false;
  if (batch_.empty()) return;
  std::vector<std::unique_ptr<Outcome>> batch = std::move(batch_);
  batch_.clear();
  if (auto written = write(batch); !written) {
    for (auto it = batch.rbegin(); it != batch.rend(); ++it) {
      if ((*it)->txn) (*it)->txn->rollback();
    }
    if (batch.size() > 1) {
      run_one_by_one(batch);
      return;
    }
    fail(*batch.front(), written.error());
  }
  settle(batch);
  compact_if_due();
}

// Tells monitors first, then answers: a client hears of its own changes before it hears that they are done.
void Transactor::settle(std::vector<std::unique_ptr<Outcome>>& batch) {
  bool changed = false;
  for (auto& outcome : batch) {
    if (!outcome->txn) continue;
    outcome->txn->finish();
    changed = true;
    database_.publish(outcome->txn->changes());
  }
  for (auto& outcome : batch)
    if (!outcome->trigger->canceled) outcome->trigger->answer(std::move(outcome->executed.result) + ']');
  if (!changed) return;
  updated_();
  retry_waiting();
}

// The disk refused a batch: each transaction by itself, so that only those fail that really do not fit.
void Transactor::run_one_by_one(std::vector<std::unique_ptr<Outcome>>& batch) {
  for (auto& failed : batch) {
    std::vector<std::unique_ptr<Outcome>> single;
    single.push_back(run(failed->trigger));
    if (!single.front()) continue;
    if (auto written = write(single); !written) fail(*single.front(), written.error());
    settle(single);
  }
}

void Transactor::fail(Outcome& outcome, const Error& error) {
  static LogRateLimit limit{5};
  log_.limited(limit, LogLevel::kErr, "{}: transaction failed: {}", database_.name(), error.message);
  constexpr std::string_view kTag = "I/O error";
  std::string details = error.message;
  if (details.starts_with(kTag)) details.erase(0, kTag.size() + 2);
  append_commit_error(outcome.executed, DbError{std::string(kTag), std::move(details), {}});
  if (outcome.txn) outcome.txn->rollback();
  outcome.txn.reset();
}

void Transactor::retry_waiting() {
  const std::vector<TriggerPtr> waiting(waiting_.begin(), waiting_.end());
  for (const TriggerPtr& trigger : waiting) {
    if (trigger->canceled) continue;
    auto outcome = run(trigger);
    if (!outcome) continue;
    waiting_.remove(trigger);
    batch_.push_back(std::move(outcome));
  }
  if (!batch_.empty()) flush_soon();
}

void Transactor::compact(std::function<void(Status)> done) {
  flush();
  auto finish = [this, done = std::move(done), alive = std::weak_ptr<bool>(alive_)](const Status& result) {
    if (result && compacted_ && !alive.expired()) compacted_();
    done(result);
  };
  database_.compact(loop_, "compacting database online", std::move(finish));
}

void Transactor::compact_if_due() {
  if (!database_.storage() || !database_.storage()->wants_compaction()) return;
  log_.info("compacting {} database automatically", database_.name());
  compact([name = database_.name()](const Status& result) {
    if (!result) log_.warn("compacting {} database failed: {}", name, result.error().message);
  });
}

}  // namespace turnout::ovsdb::server
