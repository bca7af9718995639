#!/usr/bin/env python3
# Our daemon leaves and comes back, and traffic goes on, on the distribution's module.
# programs: ping ovs-dpctl cat ovsdb-server ovs-vswitchd ovs-vsctl ovs-appctl
# modules: openvswitch veth
# available: vport_vxlan vxlan
# deadline: 360

import leaving   # noqa: F401
from switch_lab import main

main()
