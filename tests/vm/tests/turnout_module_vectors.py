#!/usr/bin/env python3
# Keys of upcalls compared with lib/flow's, for every frame of the vectors, on our module.
# built: upcall_keys
# modules: turnout veth
# deadline: 200

import vectors   # noqa: F401
from switch_lab import main

main()
