#!/usr/bin/env python3
# Tunnel interfaces of our daemon and their devices, on our module.
# programs: ping ovs-dpctl cat
# modules: turnout veth 8021q
# available: vport_vxlan vport_geneve vport_gre vxlan geneve ip_gre ip6_gre
# deadline: 580

import tunnel_devices   # noqa: F401
from switch_lab import main

main()
