#!/usr/bin/env python3
# Packets through tunnels of our daemon, on the distribution's module.
# programs: ping ovs-dpctl cat ovs-vswitchd ovs-vsctl ovs-appctl
# modules: openvswitch veth 8021q
# available: vport_vxlan vport_geneve vport_gre vxlan geneve ip_gre ip6_gre
# deadline: 580

import tunnel_ports   # noqa: F401
from switch_lab import main

main()
