#!/usr/bin/env python3
"""NORMAL on two switches in dummy mode: the same random bridges, VLANs and packets; megaflows and fdb compared.

normal_traffic.py [--ours DIR] [--reference DIR] [--seed N] [--rounds N] [--packets N]

DIR holds ovsdb-server, ovsdb-tool, ovs-vswitchd, ovs-vsctl and ovs-appctl; default for --ours: $TURNOUT_BIN, for
--reference: the installed packages. With both the same the script checks itself. Prints "N passed, N failed".

Permitted differences: flooding order (the reference's is that of a hash table), so outputs are compared as a set of
(port, tags on the wire); datapath port numbers, so ports go by name; bits of wildcarded fields that the reference
prints as VALUE/0. Priority tags are not sent: the documents ask to strip them, release 3.1 does not always.
"""
import argparse, os, random, re, sys

from dummy_switch import Switch


def random_port(rng, name, number):
    """Words for ovs-vsctl that add one port, and the VLANs that fit it."""
    words = ["--", "add-port", "@bridge", name]
    mode = rng.choice(["trunk", "trunk-list", "access", "access", "native-tagged", "native-untagged"])
    tag = rng.choice([10, 20])
    if mode == "access":
        words += [f"tag={tag}"]
    elif mode == "trunk-list":
        words += ["trunks=" + ",".join(map(str, rng.sample([0, 10, 20, 30], 2)))]
    elif mode != "trunk":
        words += [f"tag={tag}", f"vlan_mode={mode}"]
        if rng.random() < 0.5:
            words += ["trunks=30"]
    if rng.random() < 0.1:
        words += ["protected=true"]
    return words + ["--", "set", "Interface", name, "type=dummy", f"ofport_request={number}"]


def random_network(rng):
    words, ports, bridges = [], [], [f"br{i}" for i in range(rng.randint(1, 3))]
    for b, bridge in enumerate(bridges):
        words += ["--", "add-br", bridge]
        if rng.random() < 0.2:
            words += ["--", "set", "Bridge", bridge, "other_config:forward-bpdu=true"]
        for n in range(1, rng.randint(3, 7)):
            name = f"p{b}_{n}"
            words += [bridge if w == "@bridge" else w for w in random_port(rng, name, n)]
            ports.append(name)
        if b:
            here, there = f"u{b}", f"d{b}"
            words += ["--", "add-port", bridge, here, "--", "set", "Interface", here, "type=patch",
                      f"options:peer={there}", "ofport_request=20",
                      "--", "add-port", bridges[b - 1], there, "--", "set", "Interface", there, "type=patch",
                      f"options:peer={here}", "ofport_request=21"]
    return words[1:], bridges, ports


def random_packet(rng):
    mac = lambda n: f"50:54:00:00:00:{n:02x}"
    src = mac(rng.randint(1, 9)) if rng.random() < 0.95 else "51:54:00:00:00:01"
    dst = rng.choice([mac(rng.randint(1, 9))] * 6 + ["ff:ff:ff:ff:ff:ff", "01:80:c2:00:00:0e", "01:00:5e:00:00:05"])
    inner = rng.choice([
        "eth_type(0x1234)",
        "eth_type(0x0800),ipv4(src=10.0.0.1,dst=10.0.0.2,proto=17,tos=0,ttl=64,frag=no),udp(src=1,dst=2)",
        "eth_type(0x86dd),ipv6(src=fe80::1,dst=fe80::2,label=0,proto=6,tclass=0,hlimit=64,frag=no),tcp(src=1,dst=2)",
        f"eth_type(0x0806),arp(sip=10.0.0.1,tip=10.0.0.2,op={rng.choice([1, 2])},sha={src},tha=00:00:00:00:00:00)"])
    if rng.random() < 0.4:
        inner = f"eth_type(0x8100),vlan(vid={rng.choice([10, 20, 30, 40])},pcp={rng.choice([0, 3])}),encap({inner})"
    return f"in_port(1),eth(src={src},dst={dst}),{inner}"


def split_actions(text):
    return re.findall(r"[^,()]+(?:\([^()]*\))?", text)


def outputs(flow, actions):
    """The set of (port, tags) that a list of datapath actions sends."""
    vlan = re.search(r"eth_type\((0x8100|0x88a8)\),vlan\(vid=(\d+)(?:,pcp=(\d+))?", flow)
    tags = [("kept", vlan.group(2))] if vlan else []
    sent = set()
    for action in split_actions(actions):
        if action == "pop_vlan":
            tags = tags[1:]
        elif action.startswith("push_vlan"):
            vid, pcp = re.search(r"vid=(\d+)", action).group(1), re.search(r"pcp=(\d+)", action).group(1)
            original = vlan and vid == vlan.group(2) and pcp == (vlan.group(3) or "0")
            tags = [("kept", vid) if original and not tags else (pcp, vid)] + tags
        elif action != "drop":
            sent.add((action, tuple(tags)))
    return frozenset(sent)


def megaflows(switch):
    flows = set()
    for line in switch.appctl("dpctl/dump-flows", "--names").splitlines():
        if "actions:" not in line:
            continue
        line = re.sub(r",pcp=\d+/0x0\b", "", line)
        match, actions = re.sub(r", packets:.*?actions:", " actions:", line).split(" actions:")
        flows.add((match, outputs(match, actions)))
    return flows


def fdb(switch, bridge):
    return {" ".join(line.split()[:3]) for line in switch.appctl("fdb/show", bridge).splitlines()[1:]}


def show(title, ours, reference):
    for name, only in (("ours", ours - reference), ("reference", reference - ours)):
        for item in sorted(map(str, only)):
            print(f"  {title}, only {name}: {item}")


def one_round(rng, switches, packets):
    """Configures both alike, sends packets one by one, compares after each. Returns (passed, failed)."""
    words, bridges, ports = random_network(rng)
    for switch in switches:
        switch.vsctl(*words)
        switch.appctl("time/stop")
    passed = failed = 0
    for _ in range(packets):
        port, packet = rng.choice(ports), random_packet(rng)
        for switch in switches:
            switch.appctl("netdev-dummy/receive", port, packet)
            switch.appctl("time/warp", "20", "10")
            switch.appctl("revalidator/wait")
        flows = [megaflows(s) for s in switches]
        tables = [{f"{b} {e}" for b in bridges for e in fdb(s, b)} for s in switches]
        if flows[0] == flows[1] and tables[0] == tables[1]:
            passed += 1
        else:
            failed += 1
            print(f"after {packet} on {port}; network: {' '.join(words)}")
            show("flow", *flows)
            show("fdb", *tables)
        for switch in switches:
            switch.appctl("revalidator/purge")
    for switch in switches:
        switch.vsctl(*" -- ".join(f"del-br {b}" for b in bridges).split())
    return passed, failed


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ours", default=os.environ.get("TURNOUT_BIN", ""))
    parser.add_argument("--reference", default="")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--packets", type=int, default=25)
    args = parser.parse_args()
    rng = random.Random(args.seed)
    switches = [Switch(args.ours), Switch(args.reference)]
    passed = failed = 0
    try:
        for switch in switches:
            switch.start()
        for _ in range(args.rounds):
            p, f = one_round(rng, switches, args.packets)
            passed, failed = passed + p, failed + f
    finally:
        for switch in switches:
            switch.stop()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
