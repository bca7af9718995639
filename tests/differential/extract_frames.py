#!/usr/bin/env python3
"""Feeds the same frames to both switches in dummy mode and compares the megaflows they install.

extract_frames.py [--ours DIR] [--reference DIR] [--seed N] [--count N]

Frames are those of tests/golden/flow/extract.txt and mutations of them. Prints "N passed, N failed".
"""
import argparse
import os
import pathlib
import re
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from dummy_switch import Switch     # noqa: E402
from vector_frames import cases     # noqa: E402


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
    switches = [Switch(args.ours), Switch(args.reference)]
    passed = failed = 0
    try:
        for switch in switches:
            switch.start()
            switch.vsctl("add-br", "br0", "--", "set", "Bridge", "br0", "datapath_type=dummy",
                         *(w for p in ("p1", "p2") for w in ("--", "add-port", "br0", p, "--", "set", "Interface", p, "type=dummy")))
        for frame in filter(lambda f: not priority_tag(f), cases(args.seed, args.count)):
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
