#!/usr/bin/env python3
# Other programs change the datapath below our daemon, and notifications are lost, on the stock module.
# programs: ping ovs-dpctl
# modules: openvswitch veth
# deadline: 540

import intruders   # noqa: F401
from switch_lab import main

main()
