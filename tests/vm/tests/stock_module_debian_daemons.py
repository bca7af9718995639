#!/usr/bin/env python3
# The harness proved on what no one here wrote: the stock module under Debian's daemons.
# programs: ping ovsdb-server ovsdb-tool ovs-vswitchd ovs-vsctl ovs-appctl ovs-dpctl
# modules: openvswitch veth 8021q
# available: vport_vxlan vport_geneve vport_gre
# deadline: 360

import os
os.environ["TURNOUT_REFERENCE"] = "ovsdb-server,ovsdb-tool,ovs-vswitchd,ovs-vsctl,ovs-appctl"
import switching   # noqa: E402, F401
from switch_lab import main   # noqa: E402

main()
