#!/usr/bin/env python3
# A hundred thousand flows are put, dumped while others come and go, and deleted, by our ovs-dpctl; long lists of actions.
# modules: openvswitch veth
# deadline: 900

import large_dumps   # noqa: F401
from switch_lab import main

main()
