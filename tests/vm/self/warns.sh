#!/bin/bash
# A test that succeeds while the kernel reports a warning, for the harness's own test.

echo '<4>WARNING: CPU: 0 PID: 1 at net/core/dev.c:1 harness' >/dev/kmsg
