// Why the userspace datapath dropped packets, as counters (coverage/show).
#pragma once

#include <cstddef>
#include <cstdint>

#include "lib/base/counters.h"

namespace turnout::datapath {

namespace drops {
extern Counter upcall_error;             // no flow and nobody to ask
extern Counter userspace_action_error;   // userspace action and nobody to ask, or nested too deep
extern Counter recirc_error;             // recirculation too deep
extern Counter invalid_port;             // output to a port that is not there
extern Counter bad_offload;              // offload metadata that does not fit the frame
extern Counter unsupported_action;       // an action of the kernel's vocabulary that this datapath does not have
extern Counter bad_edit;                 // a change that the frame has no room for
}  // namespace drops

// Of an explicit drop action: each reason of the translation has its counter.
void count_drop_action(uint32_t reason, size_t packets);

}  // namespace turnout::datapath
