#!/usr/bin/env python3
# Connections and features of the module of the distribution, as our programs and Debian's show them.
# programs: ping conntrack ovsdb-server ovsdb-tool ovs-vswitchd ovs-vsctl ovs-appctl ovs-dpctl ovs-ofctl
# modules: openvswitch veth nf_nat nf_conntrack_ftp nf_conntrack_netlink
# available: nf_nat_ftp
# deadline: 420

import conntrack   # noqa: F401
from switch_lab import main

main()
