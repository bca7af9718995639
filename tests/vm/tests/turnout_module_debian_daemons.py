#!/usr/bin/env python3
# The same traffic on our module under Debian's daemons.
# programs: ping ovsdb-server ovsdb-tool ovs-vswitchd ovs-vsctl ovs-appctl ovs-dpctl
# modules: turnout veth 8021q
# deadline: 150

import os
os.environ["TURNOUT_REFERENCE"] = "ovsdb-server,ovsdb-tool,ovs-vswitchd,ovs-vsctl,ovs-appctl"
from traffic import main   # noqa: E402

main()
