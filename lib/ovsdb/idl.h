// A replica of (part of) one database, kept up to date by monitoring the server, and the place where transactions
// (idl_txn.h) make their changes visible before they are committed. Driven by a schema; the generated classes
// (turnout_idl() in cmake/) put names and C++ types over it. Main thread only.
//
// Life: construct, choose columns, start(); the loop does the rest. The contents stay when the connection is lost and
// are brought up to date after it came back: rows that did not change keep their addresses. Pointers to rows are good
// until the row is deleted (for a tracked table: until clear_tracked() after that), rows inserted by a transaction
// until that transaction is committed or aborted.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "lib/io/loop.h"
#include "lib/ovsdb/schema.h"
#include "lib/ovsdb/session.h"

namespace turnout::ovsdb {

class Idl;
class IdlTable;
class IdlTxn;
class IdlUpdate;
struct ColumnEdit;

enum class Change : uint8_t { kNone, kInserted, kModified, kDeleted };

class IdlRow {
 public:
  virtual ~IdlRow();
  IdlRow(const IdlRow&) = delete;

  const Uuid& uuid() const { return uuid_.uuid_at(); }
  IdlTable& table() const { return *table_; }
  // The column as the open transaction sees it. _uuid works, _version is empty. A column that is not monitored or that
  // the server does not have holds its type's default.
  const Datum& get(const ColumnSchema& column) const { return get(column.index); }
  const Datum& get(int column_index) const;
  const Datum& committed(const ColumnSchema& column) const;   // without the open transaction
  bool is_new() const;                  // inserted by the open transaction
  bool is_deleted() const;              // by the open transaction

  // Since the last Idl::clear_tracked(), for tables that are tracked.
  Change change() const { return change_; }
  bool changed(const ColumnSchema& column) const { return changed(column.index); }
  bool changed(int column_index) const;

  // Writes, inside an open transaction of this Idl (without one they abort the program). Setting a column to the value
  // it has costs nothing and sends nothing. Constraints are checked by the server, and by ColumnType::check().
  void set(const ColumnSchema& column, Datum value) { set(column.index, std::move(value)); }
  // Adds or removes elements or pairs by a mutation, so that concurrent writers of other elements do not conflict. Adding
  // a pair replaces the value of its key. Elements to remove from a map may be keys or pairs.
  void insert_into(const ColumnSchema& column, const Datum& elements) { insert_into(column.index, elements); }
  void remove_from(const ColumnSchema& column, const Datum& elements) { remove_from(column.index, elements); }
  // The transaction fails with kTryAgain if the column's value is not what it is here any more.
  void verify(const ColumnSchema& column) { verify(column.index); }
  void set(int column_index, Datum value);
  void insert_into(int column_index, const Datum& elements);
  void remove_from(int column_index, const Datum& elements);
  void verify(int column_index);
  void erase();                         // deletes the row; the references to it are the caller's business

 protected:
  IdlRow(IdlTable& table, const Uuid& uuid);

 private:
  friend class Idl;
  friend class IdlTable;
  friend class IdlTxn;
  friend class IdlUpdate;
  friend class TxnWriter;
  struct Edit;
  Edit& edit();
  ColumnEdit& edit_column(int column);
  std::unique_ptr<Datum[]> data_;       // as committed, by column index; null: inserted by the open transaction
  std::unique_ptr<Edit> edit_;          // what the open transaction does to it
  std::vector<uint64_t> changed_columns_;
  Datum uuid_;
  IdlTable* table_;
  Change change_ = Change::kNone;
};

class IdlTable {
 public:
  using Map = std::map<Uuid, std::unique_ptr<IdlRow>>;   // iterators stand inserts
  using MakeRow = std::unique_ptr<IdlRow> (*)(IdlTable&, const Uuid&);
  // Rows as the open transaction sees them, by UUID. Rows may be erased, set and inserted on the way; a
  // row that is inserted may or may not be visited.
  template <typename Row>
  class Iterator {
   public:
    Iterator(Map::const_iterator at, Map::const_iterator end) : at_(at), end_(end) { skip(); }
    Row& operator*() const { return static_cast<Row&>(*at_->second); }
    Iterator& operator++() { ++at_; skip(); return *this; }
    bool operator==(const Iterator& o) const { return at_ == o.at_; }
    template <typename Other>
    Iterator<Other> as() const { return {at_, end_}; }   // to a generated row class

   private:
    void skip() { while (at_ != end_ && at_->second->is_deleted()) ++at_; }
    Map::const_iterator at_, end_;
  };
  Iterator<IdlRow> begin() const { return {rows_.begin(), rows_.end()}; }
  Iterator<IdlRow> end() const { return {rows_.end(), rows_.end()}; }

  const TableSchema& schema() const { return schema_; }
  const std::string& name() const { return schema_.name; }
  Idl& idl() const { return idl_; }
  size_t size() const { return rows_.size(); }          // with rows that the open transaction deletes
  IdlRow* find(const Uuid& uuid) const;                 // null when absent or deleted by the open transaction
  // Rows with change() != kNone, in the order of their first change. Rows that came and went are not in it.
  const std::vector<IdlRow*>& tracked() const { return tracked_; }
  bool on_server() const { return on_server_; }         // known once connected
  bool on_server(const ColumnSchema& c) const { return c.is_synthetic() || columns_[c.index].on_server; }

 private:
  friend class Idl;
  friend class IdlRow;
  friend class IdlTxn;
  friend class IdlUpdate;
  friend class TxnWriter;
  struct ColumnState {
    bool monitored = false, alert = true, on_server = true;
    bool one_value = false;                             // in the server's schema: its changes come whole, not as differences
  };
  IdlTable(Idl& idl, const TableSchema& schema, MakeRow make_row);
  Idl& idl_;
  const TableSchema& schema_;
  MakeRow make_row_;
  Map rows_;
  std::vector<ColumnState> columns_;
  json::Json where_;                                    // null: all rows
  bool where_changed_ = false;                          // and the server has not been told
  std::vector<Datum> defaults_;
  std::vector<IdlRow*> tracked_;
  std::vector<std::unique_ptr<IdlRow>> dead_;           // deleted, kept for tracked()
  bool on_server_ = true, track_ = false, monitored_ = false;
};

// A table's rows under their generated type.
template <typename Row>
class Rows {
 public:
  explicit Rows(const IdlTable& table) : table_(table) {}
  IdlTable::Iterator<Row> begin() const { return table_.begin().template as<Row>(); }
  IdlTable::Iterator<Row> end() const { return table_.end().template as<Row>(); }
  Row* find(const Uuid& uuid) const { return static_cast<Row*>(table_.find(uuid)); }
  // The first row, or null: for tables of one row.
  Row* first() const { auto i = begin(); return i == end() ? nullptr : &*i; }
  std::vector<Row*> tracked() const {
    std::vector<Row*> out;
    for (IdlRow* row : table_.tracked()) out.push_back(static_cast<Row*>(row));
    return out;
  }
  size_t size() const { return table_.size(); }
  const TableSchema& schema() const { return table_.schema(); }

 private:
  const IdlTable& table_;
};

// Names a column of a generated class at compile time.
struct ColumnId { uint16_t table, column; };

class Idl {
 public:
  struct Options {
    Session::Options session;
    bool monitor_all = true;            // false: only what monitor() names
    bool leader_only = false;           // of several remotes that serve a cluster, only its leader will do
    // By index of the table in the schema; empty: plain IdlRow for all. The generated classes fill it.
    std::vector<IdlTable::MakeRow> make_row;
  };
  // `remote` as ovsdb(7) writes it, "unix:FILE" for one; several in a list are tried in turn.
  Idl(io::Loop& loop, std::shared_ptr<const Schema> schema, std::string remote, Options options);
  virtual ~Idl();
  Idl(const Idl&) = delete;

  // ---- before start() ----
  void monitor(const TableSchema& table);                           // its rows, and columns as they are added
  void monitor(const TableSchema& table, const ColumnSchema& column);
  void monitor(ColumnId id) { monitor(*schema_->tables()[id.table], column(id)); }
  void omit(const TableSchema& table, const ColumnSchema& column);  // do not replicate
  void omit(ColumnId id) { omit(*schema_->tables()[id.table], column(id)); }
  // Replicate, but a change of it neither advances seqno() nor is tracked: for columns that this program writes itself.
  void omit_alert(const TableSchema& table, const ColumnSchema& column);
  void omit_alert(ColumnId id) { omit_alert(*schema_->tables()[id.table], column(id)); }
  void track(const TableSchema& table);                             // keep what changed until clear_tracked()
  void track_all();
  void start();

  // ---- at any time ----
  // Only the rows that one of these conditions lets pass: an array of [column, function, value] and booleans
  // (ovsdb-server(7) §4.1.12); null lets all pass. A server that knows no conditions sends all. While connected, rows
  // come and go by updates, and all of them have once conditions_settled() is true (on_change() tells).
  void monitor_where(const TableSchema& table, const json::Json& conditions);
  bool conditions_settled() const;
  // Ask the server for this lock and keep it (RFC 7047 §4.1.8); transactions then assert it. Empty: give it back.
  void set_lock(std::string name);

  // ---- state ----
  const Schema& schema() const { return *schema_; }                 // of this program
  const std::string& server_version() const { return server_version_; }   // of the database's schema; empty before contents
  const ColumnSchema& column(ColumnId id) const { return schema_->tables()[id.table]->columns[id.column]; }
  IdlTable& table(size_t index) const { return *tables_[index]; }
  IdlTable& table(const TableSchema& t) const;
  IdlTable* table(std::string_view name) const;
  uint64_t seqno() const { return seqno_; }     // advances with every change that alerts, and with a new connection's contents
  bool has_contents() const { return has_contents_; }               // has ever been filled
  bool is_connected() const;                                        // and monitoring
  bool is_alive() const;                                            // connected or trying
  // Why is_alive() is false or what was last wrong: "database connection failed (…)"-style code and text.
  const Error& last_error() const { return error_; }
  bool has_lock() const { return has_lock_; }
  const std::string& lock_name() const { return lock_; }
  bool lock_contended() const { return !lock_.empty() && lock_asked_ && !has_lock_; }
  // Called on the loop after seqno() advanced or the connection or lock changed.
  void on_change(std::function<void()> changed) { changed_ = std::move(changed); }
  void clear_tracked();
  // Runs the loop until there are contents; false when the timeout passed or the session ended.
  bool wait_for_contents(std::optional<Duration> timeout = {});
  IdlTxn* txn() const { return txn_; }          // the open one
  io::Loop& loop() const { return loop_; }
  void force_reconnect();
  size_t memory_cells() const;                  // atoms held, for memory/show
  size_t outstanding() const { return outstanding_.size(); }      // transactions that await an answer

 private:
  friend class IdlRow;
  friend class IdlTxn;
  friend class IdlUpdate;
  enum class State { kIdle, kSchema, kMonitor, kReady };
  // How the server tells changes, the best first: since a transaction, as differences (ovsdb-server(7) §4.1.12, §4.1.15), or
  // as old and new values (RFC 7047 §4.1.5).
  enum class Method { kCondSince, kCond, kPlain };
  int64_t request(const char* method, json::Json params);   // its id
  void on_connected();
  void on_disconnected(const Error& error);
  void on_message(json::Message message);
  void on_schema(const json::Json& schema);
  void send_monitor();
  void on_monitor_reply(const json::Message& message);
  void on_update(const json::Json& updates, bool diffs);
  void on_reply(const json::Message& message);
  void on_lock_notification(const std::string& method, const json::Json& params);
  json::Json monitor_id() const;
  void send_conditions();
  void on_conditions_reply(const json::Message& message);
  void forget_conditions();
  void watch_leader();
  bool is_leader_update(const json::Json& params) const;
  void on_leader_update(const json::Json& updates);
  void on_leader_reply(const json::Message& message);
  void send_lock();
  void on_lock_reply(const json::Message& message);
  void give_up(std::string message);
  void fail_outstanding();
  void advance();

  io::Loop& loop_;
  std::shared_ptr<const Schema> schema_;
  std::string server_version_;
  std::string remote_;
  Options options_;
  std::vector<std::unique_ptr<IdlTable>> tables_;
  std::unique_ptr<Session> session_;
  State state_ = State::kIdle;
  Method method_ = Method::kCondSince;
  std::string last_txn_;                        // the server's name for the contents that are here; empty: none
  std::optional<int64_t> pending_id_, lock_id_, condition_id_, leader_id_;
  std::unordered_map<int64_t, IdlTxn*> outstanding_;
  IdlTxn* txn_ = nullptr;
  std::function<void()> changed_;
  std::string lock_;
  bool is_clustered_ = false, leads_ = true;    // what the server says of itself
  bool has_lock_ = false, lock_asked_ = false, has_contents_ = false;
  uint64_t seqno_ = 0;
  Error error_{""};
};

}  // namespace turnout::ovsdb
