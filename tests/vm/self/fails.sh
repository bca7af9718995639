#!/bin/bash
# A test that fails, for the harness's own test.

exit 3
