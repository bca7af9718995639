#!/usr/bin/env python3
"""Feeds the same frames to both switches in dummy mode and compares the megaflows they install.

extract_frames.py [--ours DIR] [--reference DIR] [--seed N] [--count N]

Frames are those of tests/golden/flow/extract.txt and mutations of them. Prints "N passed, N failed".
"""
import argparse
import os
import pathlib
import random
import re
import sys
import time

from dummy_switch import Switch

ROOT = pathlib.Path(__file__).resolve().parents[2]


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


def priority_tag(frame):
    """VLAN 0 with a priority: permitted difference of NORMAL (the documents want it stripped, release 3.1 does not always)."""
    return frame[12:14] == b"\x81\x00" and len(frame) >= 18 and frame[14] & 0x0f == 0 == frame[15] and frame[14] >= 0x20


def megaflow(switch, frame, deadline=10.0):
    switch.appctl("revalidator/purge")
    try:
        switch.appctl("netdev-dummy/receive", "p1", frame.hex())
    except RuntimeError:
        return "refused"
    end = time.monotonic() + deadline
    while time.monotonic() < end:
        flows = [l for l in switch.appctl("dpctl/dump-flows", "--names").splitlines() if "actions:" in l]
        if flows:
            match, actions = re.fullmatch(r"(.*?), packets:.*, actions:(.*)", flows[0]).groups()
            return match, ",".join(sorted(actions.split(",")))   # a flood has no order
    return "no flow"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ours", default=os.environ.get("TURNOUT_BIN", ""))
    parser.add_argument("--reference", default="")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=200)
    args = parser.parse_args()
    rng = random.Random(args.seed)
    frames = golden_frames()
    cases = frames + [mutate(rng, rng.choice(frames)) for _ in range(args.count)]
    switches = [Switch(args.ours), Switch(args.reference)]
    passed = failed = 0
    try:
        for switch in switches:
            switch.start()
            switch.vsctl("add-br", "br0", "--", "set", "Bridge", "br0", "datapath_type=dummy",
                         *(w for p in ("p1", "p2") for w in ("--", "add-port", "br0", p, "--", "set", "Interface", p, "type=dummy")))
        for frame in filter(lambda f: not priority_tag(f), cases):
            ours, reference = (megaflow(s, frame) for s in switches)
            if ours == reference:
                passed += 1
                continue
            failed += 1
            if failed <= 20:
                print(f"frame {frame.hex()}\n  ours:      {ours}\n  reference: {reference}")
    finally:
        for switch in switches:
            switch.stop()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
