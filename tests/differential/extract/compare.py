#!/usr/bin/env python3
"""Feeds the same frames to two running switches in dummy mode and compares the megaflows they install.

usage: compare.py RUNDIR_A RUNDIR_B [--seed N] [--count N]

Each run directory belongs to an ovs-vswitchd started with --enable-dummy=override whose bridge br0
(datapath_type=dummy) has dummy ports p1 and p2. Frames are mutations of those in tests/golden/flow/extract.txt.
Exit status 1 and a report of the first frames that differ, 0 if none does.
"""
import argparse
import pathlib
import random
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]


def appctl(rundir, *args):
    pid = (pathlib.Path(rundir) / "ovs-vswitchd.pid").read_text().strip()
    target = str(pathlib.Path(rundir) / f"ovs-vswitchd.{pid}.ctl")
    done = subprocess.run(["ovs-appctl", "-t", target, *args], capture_output=True, text=True)
    return done.stdout if done.returncode == 0 else "ERROR " + done.stderr


def golden_frames():
    lines = (ROOT / "tests/golden/flow/extract.txt").read_text().splitlines()
    return [bytes.fromhex(l.split()[1]) for l in lines if not l.startswith("#") and len(l.split()) == 2]


def mutate(rng, frame):
    frame = bytearray(frame)
    for _ in range(rng.randrange(4)):
        # Layer 2 addresses stay: multicast and reserved ones are the business of other tests.
        if len(frame) > 12:
            frame[rng.randrange(12, len(frame))] = rng.choice([0, 1, 6, 17, 58, 0xFF, rng.randrange(256)])
    if rng.random() < 0.2:
        del frame[rng.randrange(14, len(frame) + 1):]
    return bytes(frame)


def megaflow(rundir, frame, deadline=5.0):
    appctl(rundir, "revalidator/purge")
    answer = appctl(rundir, "netdev-dummy/receive", "p1", frame.hex())
    if answer.startswith("ERROR"):
        return "refused"
    end = time.monotonic() + deadline
    while time.monotonic() < end:
        flows = [l for l in appctl(rundir, "dpctl/dump-flows").splitlines() if "actions:" in l]
        if flows:
            # The numbers of ports other than the ingress one are the switch's own choice.
            return re.sub(r", packets:.*", "", flows[0])
    return "no flow"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("a")
    parser.add_argument("b")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=200)
    args = parser.parse_args()
    rng = random.Random(args.seed)
    frames = golden_frames()
    cases = frames + [mutate(rng, rng.choice(frames)) for _ in range(args.count)]
    different = 0
    for frame in cases:
        a, b = megaflow(args.a, frame), megaflow(args.b, frame)
        if a != b:
            different += 1
            if different <= 20:
                print(f"frame {frame.hex()}\n  a: {a}\n  b: {b}")
    print(f"{len(cases)} frames, {different} differ (seed {args.seed})")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
