// The commands of ovsdb-client (ovsdb-client(1)). Each gets a connection and its words and returns the exit status; an
// error is printed by the caller as "ovsdb-client: MESSAGE" with status 1. Main thread only.
#pragma once

#include <span>
#include <string>

#include "lib/cli/options.h"
#include "lib/cli/table.h"
#include "lib/io/daemon.h"
#include "lib/ovsdb/schema.h"
#include "ovsdb/client/connection.h"

namespace turnout::ovsdb::client {

using Words = std::span<const std::string>;

struct Settings {
  cli::TableStyle style;
  cli::TlsOptions tls;
  io::DaemonOptions daemon;
  bool timestamp = false;        // --timestamp: tables of `monitor` say when
  bool force = false;            // --force: `restore` over a different schema
  bool leader_only = true;       // of several servers of a cluster, the leader
  bool db_change_aware = true;   // monitors ask to be told of a database that goes
};

struct Context {
  io::Loop& loop;
  const Settings& settings;
  io::Daemon& daemon;            // complete() once a command that stays has printed its first answer
  std::string remote;            // as it was given, or the default
  std::unique_ptr<Connection> server;
  std::string database;          // where the command needs one
  Words words;                   // what is left of the command line
  bool stop = false;             // set by a signal or by `exit`: the command ends, with or without an error
};

struct Command {
  const char* name;
  enum class Needs {
    kNothing,    // connects by itself, or reads other words first
    kServer,
    kDatabase,   // the first word where it names a database of the server, else the default one
  } needs;
  size_t min_words, max_words;   // without server and database
  bool stays;                    // runs until it is stopped: --detach and the other daemon options count
  Result<int> (*run)(Context&);
};
inline constexpr size_t kAnyNumber = static_cast<size_t>(-1);

// Connects to context.remote, or to one server of several ("a,b,c"): the first that answers and that has the database
// and, where it is clustered, is connected to its cluster and leads it (--no-leader-only: or follows).
// database empty: any server that answers.
Status connect(Context& context, const std::string& database);

// Asks for the schema of context.database.
Result<std::shared_ptr<const Schema>> fetch_schema(Context& context);
// The rows of all these selections in one transaction: [{"op":"select",…},…] without the database's name.
Result<json::Json> fetch_rows(Context& context, const std::vector<json::Json>& selections);
// The value of a column as a cell, read without regard to constraints: also for differences.
Result<cli::Cell> cell_of(const ColumnSchema& column, const json::Json& value);
// Standard output, with a check that it arrived.
Status print(std::string_view text);
Status print_json(const Context& context, const json::Json& value);

Result<int> list_dbs(Context&);
Result<int> get_schema(Context&);
Result<int> get_schema_version(Context&);
Result<int> get_schema_cksum(Context&);
Result<int> list_tables(Context&);
Result<int> list_columns(Context&);
Result<int> convert(Context&);
Result<int> needs_conversion(Context&);
Result<int> transact(Context&);
Result<int> query(Context&);
Result<int> dump(Context&);
Result<int> backup(Context&);
Result<int> restore(Context&);
Result<int> monitor(Context&);
Result<int> monitor_cond(Context&);
Result<int> monitor_cond_since(Context&);
Result<int> wait(Context&);
Result<int> lock(Context&);
Result<int> steal(Context&);
Result<int> unlock(Context&);

}  // namespace turnout::ovsdb::client
