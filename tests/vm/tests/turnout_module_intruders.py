#!/usr/bin/env python3
# Other programs change the datapath below our daemon, and notifications are lost, on our module.
# programs: ping ovs-dpctl
# modules: turnout veth
# deadline: 540

import intruders   # noqa: F401
from switch_lab import main

main()
