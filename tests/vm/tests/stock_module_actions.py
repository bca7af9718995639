#!/usr/bin/env python3
# Every action on real packets, flows put in over netlink: the stock module.
# programs: sysctl
# modules: openvswitch veth nsh
# available: nf_conntrack nf_nat nf_conntrack_ftp nf_nat_ftp
# deadline: 360

import datapath_actions   # noqa: F401
from switch_lab import main

main()
