#!/usr/bin/env python3
# Our daemon leaves and comes back, and traffic goes on, on the distribution's module.
# programs: ping ovs-dpctl cat
# modules: openvswitch veth
# deadline: 360

import leaving   # noqa: F401
from switch_lab import main

main()
