#!/usr/bin/env python3
"""The harness itself: a guest that passes, fails, warns, panics or hangs is told from the others."""
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
# script, exit status, what must be said
EXPECTED = [
    ("passes", 0, "hello from"),
    ("fails", 1, "the test ended with status 3"),
    ("warns", 1, "the kernel complained: "),
    ("panics", 1, "the guest ended before the test did"),
    ("hangs", 1, "the guest did not end before the deadline"),
]


def main():
    passed = failed = 0
    with tempfile.TemporaryDirectory() as logs:
        for name, status, words in EXPECTED:
            done = subprocess.run([HERE / "run", "--keep", logs, HERE / "self" / f"{name}.sh"], stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True)
            if done.returncode == 77:
                print(done.stdout, end="")
                return 77
            kept = name != "passes" or (pathlib.Path(logs) / name / "results" / "kept").read_text() == "kept\n"
            good = done.returncode == status and words in done.stdout and kept
            print("ok   " if good else f"FAIL  (status {done.returncode})\n{done.stdout}", name, flush=True)
            passed, failed = passed + good, failed + (not good)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
