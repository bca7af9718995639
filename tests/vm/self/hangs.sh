#!/bin/bash
# A test that never ends, for the harness's own test.
# deadline: 20

while :; do :; done
