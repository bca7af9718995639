#!/bin/bash
# A test in which the kernel panics, for the harness's own test.

echo 1 >/proc/sys/kernel/sysrq
echo c >/proc/sysrq-trigger
