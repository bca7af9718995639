#!/usr/bin/env python3
# What tests/bench/kernel measures, in the guest: forwarding by the stock module, by turnout.ko and by the Linux bridge.
# programs: sysctl bridge
# modules: pktgen dummy veth
# available: openvswitch turnout bridge nf_conntrack nf_nat
# deadline: 3000
# cpus: 1
# memory: 2G
# clock: instructions

"""Frames enter at in0 and leave to out0, a device that drops; a TCP connection goes from namespace h1 through v1 and v2 to h2.
Writes /results/figures.json: {"cases": {case: {who: nanoseconds for a frame, or for a megabyte of TCP}}, "spread": [the largest
relative difference of two runs, of which case], "frames": how many were measured}.

The two ends of the TCP connection are one process that sends and reads in turn, with buffers of fixed size: no scheduler and no
tuning decides how much goes in one segment, and what is measured begins when the window is open.

Variables: ONLY, a regular expression that chooses cases; WHO, one of those compared; PROFILE, the emulator counts (marks.py).
"""
import contextlib
import json
import os
import pathlib
import re
import socket
import sys
import time

from ovs_netlink import (ANY, Family, Flows, address, addresses, attr, be, ct, hwaddr, key, nest, output, push_vlan, recirc, set_, u32)
from namespace import inside
from packets import MAC_A, MAC_B, eth, ip4, udp
from marks import counted
from pktgen import Generator
from switch_lab import run

MODULES = {"stock": "openvswitch", "turnout": "turnout"}
ROUNDS, LEAST = 2, 20000
STRAYS = 3    # frames of the host's own: a bridge that is up reports itself to IGMP's snoopers
MEGABYTE = 1 << 20
TCP_WARM, TCP_MEGABYTES, TCP_BUFFER = 32, 64, 8 * MEGABYTE
SO_SNDBUFFORCE, SO_RCVBUFFORCE = 32, 33
TCP_CASE = "GSO TCP, a megabyte"
IN, OUT, LEFT, RIGHT = 1, 2, 3, 4
ONLY, WHO = os.environ.get("ONLY", ""), os.environ.get("WHO", "")
figures = {"cases": {}, "spread": [0.0, ""], "frames": 0}


def counter(device, name):
    return int(pathlib.Path(f"/sys/class/net/{device}/statistics/{name}").read_text())


def devices():
    """The ends of the road, and the namespaces of the TCP connection."""
    run("sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1")
    for name in ("in0", "out0"):
        run("ip", "link", "add", name, "type", "dummy")
        run("ip", "link", "set", name, "up")
    for number, other in ((1, 2), (2, 1)):
        ns = f"h{number}"
        run("ip", "netns", "add", ns)
        run("ip", "netns", "exec", ns, "sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1")   # a bridge floods what IPv6 sends
        run("ip", "link", "add", f"v{number}", "type", "veth", "peer", "name", "eth0", "address", f"02:00:00:00:77:0{number}",
            "netns", ns)
        run("ip", "link", "set", f"v{number}", "up")
        run("ip", "-n", ns, "address", "add", f"10.77.0.{number}/24", "dev", "eth0")
        run("ip", "-n", ns, "link", "set", "eth0", "up")
        run("ip", "-n", ns, "neighbour", "add", f"10.77.0.{other}", "lladdr", f"02:00:00:00:77:0{other}", "dev", "eth0")
    return Generator("in0", dst_mac=MAC_B, src_mac=MAC_A, src_min="10.9.0.0", src_max="10.9.0.0")


def wanted(case, who):
    return re.search(ONLY, case) and (who == "all" or WHO in ("", who))


def record(case, who, values):
    figures["cases"].setdefault(case, {})[who] = min(values)
    figures["spread"] = max(figures["spread"], [max(values) / min(values) - 1, f"{who}, {case}"])
    print(f"{who:8} {case:40} {min(values):8.1f}", flush=True)


def frames(generator, case, who, first="10.1.0.0", number=1, arrives=1):
    """One figure: frames to `number` addresses from `first` on, each of which leaves out0 `arrives` times."""
    if not wanted(case, who):
        return
    last = int.from_bytes(address(first), "big") + number - 1
    generator.set(dst_min=first, dst_max=".".join(map(str, last.to_bytes(4, "big"))))
    generator.run(max(number, 2000))
    values = []
    for _ in range(ROUNDS):
        before, count = counter("out0", "tx_packets"), max(number, LEAST)
        with counted():
            values.append(generator.run(count))
        figures["frames"] += count
        left = counter("out0", "tx_packets") - before
        assert 0 <= left - count * arrives <= STRAYS, f"{who}, {case}: {left} frames left of {count}"
    record(case, who, values)


def tcp(who):
    """Nanoseconds for a megabyte of TCP in segments as large as the devices take."""
    if not wanted(TCP_CASE, who):
        return
    ends = connection()
    transfer(*ends, TCP_WARM)
    values = []
    for _ in range(ROUNDS):
        before = counter("v2", "tx_packets")
        with counted():
            values.append(transfer(*ends, TCP_MEGABYTES))
        segments = counter("v2", "tx_packets") - before
        assert segments < TCP_MEGABYTES * 20, f"{who}: {segments} frames are no large segments"
        figures["frames"] += segments
    record(TCP_CASE, who, values)


def connection():
    """The two ends of a TCP connection: from h1, at h2."""
    with inside("h2"):
        listener = socket.create_server(("10.77.0.2", 5001))
    with inside("h1"):
        client = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, TCP_BUFFER)
    client.setsockopt(socket.SOL_SOCKET, SO_SNDBUFFORCE, TCP_BUFFER)
    client.settimeout(30)
    client.connect(("10.77.0.2", 5001))
    server, _ = listener.accept()
    listener.close()
    client.setblocking(False)
    server.setblocking(False)
    return client, server


def transfer(client, server, megabytes):
    """Nanoseconds for each megabyte, of so many."""
    data, room = bytes(MEGABYTE), bytearray(MEGABYTE)
    start = time.monotonic_ns()
    for _ in range(megabytes):
        sent = read = 0
        while read < MEGABYTE:
            if sent < MEGABYTE:
                with contextlib.suppress(BlockingIOError):
                    sent += client.send(memoryview(data)[sent:])
            with contextlib.suppress(BlockingIOError):
                read += server.recv_into(room)
    return (time.monotonic_ns() - start) / megabytes


class Datapath:
    """A datapath of one of the modules, with the four ports."""

    def __init__(self, module):
        self.module = module
        run("modprobe", module)
        Family("ovs_datapath").ask(1, attr(1, b"dp\0") + attr(2, u32(0)) + attr(5, u32(3)))
        self.flows = Flows("dp")
        for number, name in ((IN, "in0"), (OUT, "out0"), (LEFT, "v1"), (RIGHT, "v2")):
            port = attr(1, u32(number)) + attr(2, u32(1)) + attr(3, name.encode() + b"\0") + attr(5, u32(0))
            Family("ovs_vport").ask(1, port, self.flows.dp)

    def execute(self, frame, port, *actions):
        Family("ovs_packet").ask(3, attr(1, frame) + nest(2, attr(3, u32(port))) + nest(3, *actions), self.flows.dp)

    def close(self):
        Family("ovs_datapath").ask(2, b"", self.flows.dp)
        run("rmmod", self.module)


def flow_counts(dp, generator, who):
    for number in (1, 10000, 100000):
        case = f"output, {number:,} flow{'s' if number > 1 else ''}"
        dp.flows.flush()
        if wanted(case, who):
            dp.flows.put_for_addresses(addresses(number), key(dst=ANY), output(OUT))
        frames(generator, case, who, number=number)


def mask_counts(dp, generator, who):
    """Every mask has one flow, and neighbouring addresses hit different ones."""
    for number in (16, 64):
        dp.flows.flush()
        for i in range(number):
            match = key(src=f"10.9.0.0/255.255.0.{i + 1}", dst=f"10.2.0.{i}/255.255.0.{number - 1}")
            dp.flows.put(match, output(OUT))
        for connections in (1, number, 16384):
            frames(generator, f"{number} masks, {connections:,} connection{'s' if connections > 1 else ''}", who,
                   "10.2.0.0", connections)


def pipelines(dp, generator, who):
    ip = key()
    ethernet = set_("ethernet", hwaddr("02:11:11:11:11:11") + hwaddr("02:22:22:22:22:22"))
    ttl = set_("ipv4", bytes(10) + b"\x09\0", bytes(10) + b"\xff\0")
    source = set_("ipv4", address("10.3.3.3") + bytes(8), b"\xff" * 4 + bytes(8))
    port = set_("udp", be(4000, 2) + bytes(2), b"\xff\xff\0\0")
    for case, flows, arrives in (
            ("set Ethernet and TTL", [(ip, ethernet, ttl, output(OUT))], 1),
            ("set IPv4 address and UDP port", [(key(proto=17, tp=(9, 9)), source, port, output(OUT))], 1),
            ("VLAN push", [(ip, push_vlan(10), output(OUT))], 1),
            ("output to four", [(ip, *[output(OUT)] * 4)], 4),
            ("recirc", [(ip, recirc(1)), (key(recirc=1), output(OUT))], 1)):
        dp.flows.flush()
        for match, *actions in flows:
            dp.flows.put(match, *actions)
        frames(generator, case, who, arrives=arrives)


def conntrack(dp, generator, who):
    """Packets of an established connection."""
    dp.flows.flush()
    dp.flows.put(key(), ct(zone=5), recirc(1))
    dp.flows.put(key(recirc=1, ct_state=(0x22, 0x3f)), output(OUT))   # tracked and established, nothing else
    dp.execute(eth(ip4(udp(9, 9), "10.9.0.0", "10.1.0.0")), IN, ct(commit=True, zone=5))
    dp.execute(eth(ip4(udp(9, 9), "10.1.0.0", "10.9.0.0")), OUT, ct(zone=5))
    frames(generator, "ct", who)


def switching(dp, generator, who):
    dp.flows.flush()
    dp.flows.put(key(ethernet=(MAC_A, MAC_B)), output(OUT))
    frames(generator, "switching by MAC address", who)
    dp.flows.flush()
    for one, other in ((LEFT, RIGHT), (RIGHT, LEFT)):
        dp.flows.put(key(port=one), output(other))
    tcp(who)


def datapath(who, generator):
    dp = Datapath(MODULES[who])
    for measure in (flow_counts, mask_counts, pipelines, conntrack, switching):
        measure(dp, generator, who)
    keep_names()
    dp.close()


def keep_names():
    """Of the kernel's functions, while the module is there."""
    if "PROFILE" in os.environ:
        pathlib.Path("/results/kallsyms").write_bytes(pathlib.Path("/proc/kallsyms").read_bytes())


def linux_bridge(generator):
    run("modprobe", "bridge")
    run("ip", "link", "add", "br0", "type", "bridge")
    for name in ("in0", "out0", "v1", "v2"):
        run("ip", "link", "set", name, "master", "br0")
    run("bridge", "fdb", "replace", MAC_B, "dev", "out0", "master", "static")
    run("bridge", "fdb", "replace", MAC_A, "dev", "in0", "master", "static")
    run("ip", "link", "set", "br0", "up")
    frames(generator, "switching by MAC address", "bridge")
    tcp("bridge")
    keep_names()
    run("ip", "link", "del", "br0")


def main():
    generator = devices()
    frames(generator, "bare receive", "all", arrives=0)
    for who in MODULES:
        if WHO in ("", who):
            datapath(who, generator)
    if WHO in ("", "bridge"):
        linux_bridge(generator)
    pathlib.Path("/results/figures.json").write_text(json.dumps(figures))
    return 0


sys.exit(main())
