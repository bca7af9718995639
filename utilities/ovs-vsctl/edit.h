// Changes that several commands make: ports with their interfaces, and their removal.
#pragma once

#include <span>
#include <string>

#include "utilities/ovs-vsctl/command.h"

namespace turnout::vsctl {

// "cannot create a WHAT named NAME because …", if a bridge, port or interface of that name is there.
Status check_no_conflict(Context& ctx, const std::string& name, std::string_view what);
// Adds a port of one or more new interfaces to a bridge; `settings` are COLUMN[:KEY]=VALUE words for the Port.
Status insert_port(Context& ctx, BridgeInfo& bridge, const std::string& name, std::span<const std::string> interfaces,
                   bool fake_interface, std::span<const std::string> settings);
void delete_port(Context& ctx, PortInfo& port);
void delete_bridge(Context& ctx, BridgeInfo& bridge);

}  // namespace turnout::vsctl
