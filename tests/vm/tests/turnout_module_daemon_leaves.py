#!/usr/bin/env python3
# Our daemon leaves and comes back, and traffic goes on, on our module.
# programs: ping ovs-dpctl cat ovsdb-server ovs-vswitchd ovs-vsctl ovs-appctl
# modules: turnout veth
# available: vxlan
# deadline: 360

import leaving   # noqa: F401
from switch_lab import main

main()
