#!/usr/bin/env python3
"""The harness itself: a guest that passes, fails, warns, panics or hangs is told from the others."""
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
# script, exit status, what must be said, options
EXPECTED = [
    ("passes.sh", 0, "hello from"),
    ("fails.sh", 1, "the test ended with status 3"),
    ("warns.sh", 1, "the kernel complained: "),
    ("panics.sh", 1, "the guest ended before the test did"),
    ("hangs.sh", 1, "the guest did not end before the deadline"),
    ("cases.py", 0, "1 passed, 0 failed", "--only", "case_that_passes"),
    ("cases.py", 1, "no such test: case_that_passed", "--only", "case_that_passed"),
    ("passes.sh", 2, "passes is not made of cases", "--only", "case_that_passes"),
]


def main():
    passed = failed = 0
    with tempfile.TemporaryDirectory() as logs:
        for name, status, words, *options in EXPECTED:
            done = subprocess.run([HERE / "run", "--keep", logs, *options, HERE / "self" / name], stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True)
            if done.returncode == 77:
                print(done.stdout, end="")
                return 77
            kept = name != "passes.sh" or (pathlib.Path(logs) / "passes" / "results" / "kept").read_text() == "kept\n"
            good = done.returncode == status and words in done.stdout and kept
            print("ok   " if good else f"FAIL  (status {done.returncode})\n{done.stdout}", name, *options, flush=True)
            passed, failed = passed + good, failed + (not good)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
