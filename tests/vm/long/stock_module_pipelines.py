#!/usr/bin/env python3
# OpenFlow pipelines under Debian's daemons: the stock module.
# programs: ping ovsdb-server ovsdb-tool ovs-vswitchd ovs-vsctl ovs-appctl ovs-dpctl ovs-ofctl
# modules: openvswitch veth nf_conntrack_ftp nf_conntrack_netlink
# available: nf_nat_ftp
# deadline: 360

import os
os.environ["TURNOUT_REFERENCE"] = "ovsdb-server,ovsdb-tool,ovs-vswitchd,ovs-vsctl,ovs-appctl,ovs-ofctl"
import pipelines   # noqa: E402, F401
from switch_lab import main   # noqa: E402

main()
