// Which rows a command line can do with. One that names the ports and interfaces it is about needs no replica of all
// the others, and so costs the same however many there are.
#pragma once

#include <span>

#include "utilities/ovs-vsctl/command.h"

namespace turnout::vsctl {

enum class Replica {
  kNewPorts,   // kNamed without the bridges' lists of ports: right as long as no Port row is in it
  kNamed,      // the ports and interfaces that the commands name, the ports that make fake bridges, all of the other tables
  kWhole,
};

// Restricts the replica so, or less where the commands may need more, and returns what it is. What succeeds on a
// restricted replica is what would succeed on a whole one (the database itself keeps names unique); what fails
// has to be done again on a wider one, for it may have failed for what is not there. After `prepare`, before
// Idl::start().
Replica restrict_replica(vswitch::Idl& idl, std::span<const Command> commands, Replica wanted);

}  // namespace turnout::vsctl
