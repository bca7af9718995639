#!/usr/bin/env python3
# Tunnels under Debian's daemons: the turnout module.
# programs: ping ovsdb-server ovsdb-tool ovs-vswitchd ovs-vsctl ovs-appctl ovs-dpctl ovs-ofctl
# modules: turnout veth
# available: vxlan geneve ip_gre ip6_gre
# deadline: 360

import os
os.environ["TURNOUT_REFERENCE"] = "ovsdb-server,ovsdb-tool,ovs-vswitchd,ovs-vsctl,ovs-appctl,ovs-ofctl"
import tunnel_metadata   # noqa: E402, F401
import tunnels   # noqa: E402, F401
from switch_lab import main   # noqa: E402

main()
