#!/usr/bin/env python3
# Our daemons on the kernel module of the distribution, which no one here wrote.
# programs: ping ovs-dpctl
# modules: openvswitch veth 8021q
# deadline: 150

from traffic import main

main()
