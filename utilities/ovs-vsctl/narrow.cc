// What each command names, and conditions on the monitored rows made of it.
#include "utilities/ovs-vsctl/narrow.h"

#include <algorithm>
#include <set>

#include "lib/base/strings.h"
#include "utilities/ovs-vsctl/columns.h"

namespace turnout::vsctl {
namespace {

using json::Json;

// The server compares every row with every name.
constexpr size_t kMaxNames = 16;

using Names = std::set<std::string>;

// `name` of a new row would make it another than the one that is looked for.
bool may_set_name(const Command& command, size_t first) {
  return std::any_of(command.args.begin() + static_cast<ptrdiff_t>(std::min(first, command.args.size())), command.args.end(),
                     [](const std::string& word) { return word.empty() || word[0] == 'n' || word[0] == 'N'; });
}

// UUIDs and prefixes of them are looked for among all rows, and so is what they might be.
bool may_be_uuid(std::string_view record) {
  return record.size() >= 4 && record.find_first_not_of("0123456789abcdefABCDEF-") == std::string_view::npos;
}

// TABLE RECORD …
bool collect_record(const vswitch::Idl& idl, const Command& command, Names& ports, Names& interfaces) {
  if (command.args.size() < 2 || may_be_uuid(command.args[1]) || may_set_name(command, 2)) return false;
  auto table = find_table(idl.schema(), command.args[0]);
  if (!table) return false;
  if ((*table)->name == "Port") ports.insert(command.args[1]);
  else if ((*table)->name == "Interface") interfaces.insert(command.args[1]);
  else return (*table)->name == "Bridge" || (*table)->name == "Open_vSwitch";
  return true;
}

bool collect(const vswitch::Idl& idl, const Command& command, Names& ports, Names& interfaces) {
  const std::string_view name = command.info->name;
  auto both = [&](const std::string& what) {
    ports.insert(what);
    interfaces.insert(what);
    return true;
  };
  if (name == "comment") return true;
  if (name == "add-br") return command.args.size() == 1 && both(command.args[0]);
  if (name == "add-port") return !may_set_name(command, 2) && both(command.args[1]);
  if (name == "del-port") return !command.has("--with-iface") && both(command.args.back());
  if (name == "set" || name == "get" || name == "add" || name == "remove" || name == "clear")
    return collect_record(idl, command, ports, interfaces);
  return false;
}

// A command that looks for its ports only to learn that there are none yet. (Records of Bridge and the root may be
// asked for any column.)
bool makes_new_ports(const Command& command) {
  const std::string_view name = command.info->name;
  if (name == "comment" || name == "add-br" || name == "add-port") return true;
  return name == "set" && !command.args.empty() && equal_ignore_case(command.args[0], "interface");
}

Json named(const Names& names) {
  Json where = Json::array();
  for (const std::string& name : names) where.append(Json::array({"name", "==", name}));
  return where;
}

}  // namespace

Replica restrict_replica(vswitch::Idl& idl, std::span<const Command> commands, Replica wanted) {
  if (wanted == Replica::kWhole) return Replica::kWhole;
  Names ports, interfaces;
  for (const Command& command : commands)
    if (!collect(idl, command, ports, interfaces)) return Replica::kWhole;
  if (ports.size() + interfaces.size() > kMaxNames) return Replica::kWhole;
  Json port_conditions = named(ports), interface_conditions = named(interfaces);
  port_conditions.append(Json::array({"fake_bridge", "==", true}));
  // Without a clause the condition would let everything pass.
  if (interfaces.empty()) interface_conditions.append(false);
  idl.monitor_where(*idl.schema().find("Port"), port_conditions);
  idl.monitor_where(*idl.schema().find("Interface"), interface_conditions);
  if (wanted == Replica::kNamed || !std::all_of(commands.begin(), commands.end(), makes_new_ports)) return Replica::kNamed;
  idl.omit(vswitch::Bridge::kPorts);
  return Replica::kNewPorts;
}

}  // namespace turnout::vsctl
