// One command of a command line, the table of all commands, and what a command works on. A run of ovs-vsctl is one
// transaction: every command sees what those before it did. Main thread only. ovs-vsctl(8).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/cli/table.h"
#include "lib/ovsdb/idl_txn.h"
#include "ovsdb/schema/vswitch_idl.h"
#include "utilities/ovs-vsctl/topology.h"

namespace turnout::vsctl {

struct CommandInfo;

inline constexpr int kExitNoBridge = 2;   // br-exists: an Error with this code and no message

struct Command {
  const CommandInfo* info = nullptr;
  std::vector<std::string> args;                              // after the name
  std::map<std::string, std::string, std::less<>> options;    // "--if-exists" → "", "--id" → "@name"
  std::string text() const;                                   // as it was typed, for messages
  bool has(std::string_view option) const { return options.contains(option); }

  // What it printed: text, or a table.
  std::string output;
  std::unique_ptr<cli::Table> table;
};

// What a name after --id= stands for until the transaction is committed.
using Symbols = ovsdb::SymbolTable;

struct Context {
  vswitch::Idl& idl;
  ovsdb::IdlTxn& txn;
  Topology& topology;
  Symbols& symbols;
  Command& command;
  vswitch::OpenVSwitch& root;
  bool try_again = false;        // wait-until: the condition does not hold yet
  std::vector<std::string>* warnings = nullptr;

  const std::string& arg(size_t i) const { return command.args[i]; }
  size_t n_args() const { return command.args.size(); }
  void print(std::string_view line) { command.output.append(line).push_back('\n'); }
};

struct CommandInfo {
  const char* name;
  int min_args, max_args;                        // -1: any number
  const char* options;                           // "--may-exist,--id=": '=' where a value is required
  // Its arguments for --commands, from which shells complete: "!TABLE *RECORD"; ! once, ? optional, * any number, + one or more.
  const char* syntax;
  // Before the connection: which columns it will read, and whether its words make sense at all. May be null.
  Status (*prepare)(vswitch::Idl&, const Command&);
  Status (*run)(Context&);
  // After the commit, to print what is known only then (UUIDs of new rows). May be null.
  void (*finish)(Context&) = nullptr;
  bool changes = false;
};

// Replicates what Topology needs.
void monitor_topology(vswitch::Idl& idl);

// Of all that the cmd_*.cc files register; null if there is no such command.
const CommandInfo* find_command(std::string_view name);

// Splits the words after the global options into commands at each "--" and checks names, options and argument counts.
Result<std::vector<Command>> parse_commands(std::span<const std::string> words);

// What --commands prints: "[--OPTION] ,NAME,SYNTAX", a line for each command.
std::string command_listing();

std::span<const CommandInfo> bridge_commands();
std::span<const CommandInfo> port_commands();
std::span<const CommandInfo> switch_commands();
std::span<const CommandInfo> connection_commands();
std::span<const CommandInfo> database_commands();
std::span<const CommandInfo> auto_attach_commands();
std::span<const CommandInfo> conntrack_commands();
void set_list_columns(std::string columns);      // --columns

}  // namespace turnout::vsctl
