// Transactions on their way: those that a `wait` holds up, and those that are done but await the journal, which writes
// all of one round of the event loop at once. One Transactor per database; main thread only.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "lib/io/loop.h"
#include "ovsdb/server/database.h"
#include "ovsdb/server/execute.h"

namespace turnout::ovsdb::server {

// One `transact` request.
struct Trigger {
  json::Json params;
  bool read_only = false;
  std::optional<Principal> principal = {};   // none: not restricted
  std::function<bool(std::string_view lock)> owns_lock;
  // The answer: JSON text of the result array. Not called once `canceled`.
  std::function<void(std::string result)> answer;
  // The answer when the source of a relay has refused the request as a whole (optional).
  std::function<void(const json::Json& error)> refuse = {};
  bool canceled = false;

  TimePoint received{};         // set by submit()
  io::Handle timeout = {};
};
using TriggerPtr = std::shared_ptr<Trigger>;

// Runs transactions that change something at the source of a database that is a copy (relay).
class Forwarder {
 public:
  virtual ~Forwarder() = default;
  // Sends the request on, now or when there is a connection; the trigger is answered when the source has answered.
  virtual void forward(const TriggerPtr& trigger) = 0;
  // Asks the source to stop it; no answer is expected any more.
  virtual void cancel(const TriggerPtr& trigger) = 0;
  virtual bool holds(const TriggerPtr& trigger) const = 0;
};

class Transactor {
 public:
  // `updated` is called after each round whose changes the monitors have noted.
  Transactor(io::Loop& loop, Database& database, std::function<void()> updated);
  ~Transactor();

  // Runs the request; answers at once, after the write, or when its wait ends. Never inside the call unless nothing was
  // changed and nothing awaits a write.
  void submit(TriggerPtr trigger);
  // Ends waiting transactions without an answer. Those that only await the journal are still written.
  void cancel(const TriggerPtr& trigger);
  // Makes, checks, writes and publishes changes that come not from a client: `fill` enters them.
  DbStatus apply(const std::function<DbStatus(Transaction&)>& fill);
  // From now on clients may only read (a backup), or may again.
  void set_read_only(bool read_only) { read_only_ = read_only; }
  bool is_read_only() const { return read_only_; }
  // Where transactions that change something go instead of being run here; null: nowhere. It must outlive its use.
  void set_forwarder(Forwarder* forwarder) { forwarder_ = forwarder; }
  // Writes what awaits the journal now.
  void flush();
  // Writes the file anew in the background and says later how that went; the database must have a storage.
  void compact(std::function<void(Status)> done);
  // Called after each compaction that succeeded, whoever asked for it.
  void on_compacted(std::function<void()> listener) { compacted_ = std::move(listener); }
  // Tries the waiting transactions again: after changes that came not by submit().
  void retry_waiting();
  size_t n_waiting() const { return waiting_.size(); }
  bool is_waiting(const TriggerPtr& trigger) const;
  Database& database() { return database_; }

 private:
  struct Outcome {
    TriggerPtr trigger;
    std::unique_ptr<Transaction> txn;   // prepared; null when there is nothing to write or undo
    Executed executed;
    std::string record;                 // may be empty: only ephemeral columns changed
    bool durable = false;
  };
  // Null if the transaction has to wait.
  std::unique_ptr<Outcome> run(const TriggerPtr& trigger);
  void flush_soon();
  void hold(const TriggerPtr& trigger, std::optional<int64_t> timeout_ms);
  Status write(const std::vector<std::unique_ptr<Outcome>>& batch);
  void settle(std::vector<std::unique_ptr<Outcome>>& batch);
  void run_one_by_one(std::vector<std::unique_ptr<Outcome>>& batch);
  void fail(Outcome& outcome, const Error& error);
  void compact_if_due();

  io::Loop& loop_;
  Database& database_;
  std::function<void()> updated_, compacted_;
  std::list<TriggerPtr> waiting_;
  std::vector<std::unique_ptr<Outcome>> batch_;
  bool flush_posted_ = false, read_only_ = false;
  Forwarder* forwarder_ = nullptr;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace turnout::ovsdb::server
