#!/usr/bin/env python3
# Our daemons on the kernel module of the distribution, which no one here wrote.
# programs: ping ovs-dpctl
# modules: openvswitch veth 8021q
# deadline: 360

import switching   # noqa: F401
from switch_lab import main

main()
