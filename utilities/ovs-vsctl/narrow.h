// Which rows a command line can do with. One that names the ports and interfaces it is about needs no replica of all
// the others, and so costs the same however many there are.
#pragma once

#include <span>

#include "utilities/ovs-vsctl/command.h"

namespace turnout::vsctl {

// Restricts the replica to the ports and interfaces that the commands name, the ports that make fake bridges, and all of
// the other tables. False, and nothing done, if the commands may need more. What succeeds on such a replica is what would
// succeed on a whole one (the database itself keeps names unique); what fails has to be done again on a whole
// one, for it may have failed for what is not there. After `prepare`, before Idl::start().
bool restrict_replica(vswitch::Idl& idl, std::span<const Command> commands);

}  // namespace turnout::vsctl
