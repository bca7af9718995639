#!/usr/bin/env python3
# Our daemons on the our own kernel module.
# programs: ping ovs-dpctl
# modules: turnout veth 8021q
# deadline: 360

import switching   # noqa: F401
from switch_lab import main

main()
