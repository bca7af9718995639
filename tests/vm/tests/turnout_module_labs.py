#!/usr/bin/env python3
# A newcomer's first labs under our daemons on our module.
# programs: ping iperf3 cat
# modules: turnout veth
# deadline: 240

import labs   # noqa: F401
from switch_lab import main

main()
