#!/usr/bin/env python3
# One case that passes and one that fails, for the harness's own test: either can be run alone.

from switch_lab import main, test


@test
def case_that_passes():
    pass


@test
def case_that_fails():
    raise AssertionError("it was run")


main()
