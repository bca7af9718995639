#!/usr/bin/env python3
# Our daemon leaves and comes back, and traffic goes on, on our module.
# programs: ping ovs-dpctl cat
# modules: turnout veth
# deadline: 360

import leaving   # noqa: F401
from switch_lab import main

main()
