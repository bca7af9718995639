#!/usr/bin/env python3
# Tunnels under Debian's daemons: the stock module.
# programs: ping ovsdb-server ovsdb-tool ovs-vswitchd ovs-vsctl ovs-appctl ovs-dpctl ovs-ofctl
# modules: openvswitch veth
# available: vport_vxlan vport_geneve vport_gre ip6_gre
# deadline: 360

import os
os.environ["TURNOUT_REFERENCE"] = "ovsdb-server,ovsdb-tool,ovs-vswitchd,ovs-vsctl,ovs-appctl,ovs-ofctl"
import tunnel_metadata   # noqa: E402, F401
import tunnels   # noqa: E402, F401
from switch_lab import main   # noqa: E402

main()
