// A Linux link whose frames this process does not touch: a kernel datapath has them. Main thread.
#pragma once

#include <memory>
#include <string>

#include "lib/base/result.h"
#include "lib/netdev/netdev.h"
#include "lib/netlink/link.h"

namespace turnout::netdev {

// Code ENODEV: there is no such link in the table's namespace. The device follows the link by its ifindex; its state is
// not present while the link is away. The table outlives it.
Result<std::unique_ptr<Device>> open_watched_link(const std::string& name, const std::string& type, netlink::LinkTable& table);

}  // namespace turnout::netdev
