// One database: schema, tables, where it is stored, and who wants to hear of its changes. Main thread only.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>

#include "ovsdb/server/journal.h"
#include "ovsdb/server/transaction.h"

namespace turnout::ovsdb::server {

class History;
class MonitorFeed;

class Database {
 public:
  // `storage` null: kept in memory only, and read-only for clients (the built-in _Server).
  Database(std::shared_ptr<const Schema> schema, std::unique_ptr<Storage> storage);
  ~Database();
  Database(const Database&) = delete;
  // Reads a file. The error is in the reference's words and names the file.
  static Result<std::unique_ptr<Database>> open(const std::string& path, Journal::Access access);

  const std::string& name() const { return schema_->name; }
  const Schema& schema() const { return *schema_; }
  std::shared_ptr<const Schema> shared_schema() const { return schema_; }
  const std::string& schema_text() const;   // as JSON, made once: every client that connects asks for it
  Table* find_table(std::string_view name) const;
  // By name.
  const std::vector<std::unique_ptr<Table>>& tables() const { return tables_; }
  Storage* storage() const { return storage_.get(); }
  // For conversion: the storage changes hands.
  std::unique_ptr<Storage> take_storage() { return std::move(storage_); }
  void give_storage(std::unique_ptr<Storage> storage) { storage_ = std::move(storage); }
  bool read_only() const { return !storage_; }

  // Writes the file anew with nothing but the present contents, which must all be in it, in the background. `done` is
  // called later.
  void compact(io::Loop& loop, std::string comment, std::function<void(Status)> done);
  // Whether changes are written as differences (ovsdb(5)); --disable-file-column-diff turns it off.
  static inline bool writes_diffs = true;

  // What monitors hear; those that ask alike share one (monitor_feed.h).
  std::vector<std::weak_ptr<MonitorFeed>> feeds;

  // Begins with the first call.
  History& history();

  // Called with the changes of each transaction once it is written. Ends with the handle.
  using Listener = std::function<void(const std::deque<Change>&)>;
  class Subscription {
   public:
    Subscription() = default;
    Subscription(Database* database, std::list<Listener>::iterator at) : database_(database), at_(at) {}
    Subscription(Subscription&& o) noexcept : database_(std::exchange(o.database_, nullptr)), at_(o.at_) {}
    Subscription& operator=(Subscription&& o) noexcept { std::swap(database_, o.database_); std::swap(at_, o.at_); return *this; }
    ~Subscription() { if (database_) database_->listeners_.erase(at_); }

   private:
    Database* database_ = nullptr;
    std::list<Listener>::iterator at_;
  };
  [[nodiscard]] Subscription subscribe(Listener listener);
  void publish(const std::deque<Change>& changes);

 private:
  void resolve_references();
  std::shared_ptr<const Schema> schema_;
  mutable std::string schema_text_;
  std::unique_ptr<Storage> storage_;
  std::vector<std::unique_ptr<Table>> tables_;
  std::unordered_map<std::string_view, Table*> by_name_;
  std::list<Listener> listeners_;
  std::unique_ptr<History> history_;          // listens: goes before listeners_
};

}  // namespace turnout::ovsdb::server
