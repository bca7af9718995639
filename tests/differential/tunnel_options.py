#!/usr/bin/env python3
"""Options of tunnels that cannot be: the same words in Interface.error as the reference's.

Both switches run in dummy mode beside each other; nothing of the host is touched. What is refused here only, or is not
carried by the userspace datapath yet, is in permitted.md.
"""
import os
import sys

from dummy_switch import Switch

BIN = os.environ.get("TURNOUT_BIN", os.path.join(os.path.dirname(__file__), "../../build/bin"))
IP, IP6 = "remote_ip=10.0.0.4", 'remote_ip="fd00::2"'
WRONG = [
    ("vxlan",), ("geneve",), ("gre",), ("ip6gre",), ("erspan",), ("ip6erspan",), ("gtpu",), ("bareudp",), ("stt",), ("lisp",),
    ("vxlan", "remote_ip=no..x"), ("gre", "remote_ip=10.0.0"), ("geneve", 'remote_ip="::"'),
    ("vxlan", "remote_ip=224.0.0.1"), ("geneve", 'remote_ip="ff02::1"'), ("vxlan", "remote_ip=239.1.1.1", "key=flow"),
    ("vxlan", IP, "local_ip=flow"), ("gre", IP, "local_ip=flow"), ("vxlan", IP6, "local_ip=10.0.0.2"), ("geneve", IP, 'local_ip="fd00::1"'),
    ("vxlan", IP, "packet_type=legacy_l3"), ("geneve", IP, "packet_type=legacy_l3"), ("lisp", IP, "packet_type=legacy_l2"),
    ("vxlan", IP, "packet_type=nonsense"), ("gre", IP, "packet_type=nonsense"), ("stt", IP, "packet_type=legacy_l3"),
    ("erspan", IP, "erspan_ver=3"), ("erspan", IP, "erspan_ver=x"), ("erspan", IP, "erspan_ver=1", "erspan_idx=0xfffffff"),
    ("erspan", IP, "erspan_ver=2", "erspan_dir=2"), ("erspan", IP, "erspan_ver=2", "erspan_hwid=0xff"),
    ("ip6erspan", IP6, "erspan_ver=9"), ("gre64", IP), ("ipsec_gre", IP),
]


def errors(programs):
    switch = Switch(programs, "")
    try:
        switch.start()
        switch.vsctl("add-br", "br0", "--", "set", "bridge", "br0", "datapath_type=dummy")
        out = []
        for kind, *options in WRONG:
            try:
                switch.vsctl("add-port", "br0", "t0", "--", "set", "interface", "t0", f"type={kind}", *(f"options:{o}" for o in options))
            except RuntimeError as error:        # newer releases of ovs-vsctl say it with their status, too
                if "Error detected while setting up" not in str(error):
                    raise
            out.append(switch.vsctl("get", "interface", "t0", "error", "ofport"))
            switch.vsctl("del-port", "t0")
        types = switch.vsctl("get", "Open_vSwitch", ".", "iface_types").strip("[]\n").split(", ")
        return out, types
    finally:
        switch.stop()


def main():
    (ours, our_types), (theirs, their_types) = errors(BIN), errors("")
    failed = 0
    for case, mine, reference in zip(WRONG, ours, theirs):
        if mine != reference:
            failed += 1
            print(f"FAIL  {' '.join(case)}\n  ours:      {mine!r}\n  reference: {reference!r}")
    missing = set(their_types) - set(our_types) - {"afxdp", "afxdp-nonpmd"}
    if missing:
        failed += 1
        print(f"FAIL  iface_types without {missing}")
    print(f"{len(WRONG) + 1 - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


main()
