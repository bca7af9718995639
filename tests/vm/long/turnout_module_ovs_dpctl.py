#!/usr/bin/env python3
# Our ovs-dpctl beside Debian's: the turnout module.
# programs: ovs-dpctl
# modules: turnout veth nsh
# available: nf_conntrack nf_nat nf_conntrack_ftp nf_nat_ftp vxlan geneve ip_gre ip6_gre
# deadline: 420

import dpctl_pair   # noqa: F401
from switch_lab import main

main()
