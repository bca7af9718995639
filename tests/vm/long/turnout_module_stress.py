#!/usr/bin/env python3
# Things that go away while packets run: ports, datapaths, namespaces and the module itself; and netlink messages that nobody
# would send. The verdict is the kernel's: the harness fails the test when it complains.
# programs: ping ovs-dpctl cat grep seq dmesg
# modules: veth pktgen vxlan geneve ip_gre
# available: turnout openvswitch
# deadline: 380

import contextlib
import os
import random
import select
import socket
import struct
import subprocess
import time

ROUNDS = int(os.environ.get("ROUNDS", "4"))
MESSAGES = int(os.environ.get("MESSAGES", "6000"))
FAMILIES = "ovs_datapath ovs_vport ovs_flow ovs_packet ovs_meter ovs_ct_limit".split()


def run(*words, check=True):
    done = subprocess.run(words, capture_output=True, text=True)
    if check and done.returncode:
        raise AssertionError(f"{' '.join(words)} -> {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def loaded():
    return any(line.startswith("turnout ") for line in open("/proc/modules"))


# ---- traffic: two hosts that flood each other through whatever datapath there is ----

class Hosts:
    def __init__(self):
        for name, address in (("a", 1), ("b", 2)):
            run("ip", "netns", "add", name)
            run("ip", "link", "add", f"p{name}", "type", "veth", "peer", "name", "eth0", "netns", name)
            run("ip", "link", "set", f"p{name}", "up")
            run("ip", "-n", name, "addr", "add", f"10.0.0.{address}/24", "dev", "eth0")
            run("ip", "-n", name, "link", "set", "eth0", "up")
        # Neighbours are known, so that packets are sent whether they arrive or not.
        for name, peer, address in (("a", "b", 2), ("b", "a", 1)):
            mac = run("ip", "netns", "exec", peer, "cat", "/sys/class/net/eth0/address").strip()
            run("ip", "-n", name, "neigh", "add", f"10.0.0.{address}", "lladdr", mac, "dev", "eth0")

    @contextlib.contextmanager
    def flood(self):
        pings = [subprocess.Popen(["ip", "netns", "exec", name, "ping", "-q", "-f", "-s", size, address],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                 for name, address in (("a", "10.0.0.2"), ("b", "10.0.0.1")) for size in ("56", "4000")]
        try:
            yield
        finally:
            for ping in pings:
                ping.kill()
                ping.wait()


def switch_between(*ports):
    run("ovs-dpctl", "add-dp", "dp0")
    for port in ports:
        run("ovs-dpctl", "add-if", "dp0", port)
    for source, target in ((1, 2), (2, 1)):
        run("ovs-dpctl", "add-flow", f"recirc_id(0),in_port({source}),eth(),eth_type(0x0800),ipv4(frag=no)",
            f"clone(push_vlan(vid=3,pcp=0),pop_vlan,recirc(7)),{target}")
        run("ovs-dpctl", "add-flow", f"recirc_id(0),in_port({source}),eth(),eth_type(0x0800),ipv4(frag=first)", "ct(zone=5),recirc(9)")
        run("ovs-dpctl", "add-flow", f"recirc_id(0),in_port({source}),eth(),eth_type(0x0800),ipv4(frag=later)", "ct(zone=5),recirc(9)")
        run("ovs-dpctl", "add-flow", f"recirc_id(9),in_port({source}),eth(),eth_type(0x0800),ipv4()", str(target))


def the_module_goes_under_traffic(hosts):
    for _ in range(ROUNDS):
        run("modprobe", "turnout")
        switch_between("pa", "pb")
        run("rmmod", "turnout")
        assert not loaded()
    run("modprobe", "turnout")


def ports_and_datapaths_go_under_traffic(hosts):
    for turn in range(ROUNDS):
        switch_between("pa", "pb")
        run("ovs-dpctl", "add-if", "dp0", "inner,type=internal")
        add_tunnels("dp0", 5000 + turn)
        run("ip", "link", "set", "inner", "up")
        run("ip", "link", "del", "tunnel-geneve")
        assert "tunnel-geneve" not in run("ovs-dpctl", "show", "dp0")
        run("ovs-dpctl", "del-if", "dp0", "pa")
        run("ovs-dpctl", "add-if", "dp0", "pa")
        run("ovs-dpctl", "del-dp", "dp0")
        for device in ("tunnel-vxlan", "tunnel-gre", "inner", "dp0"):
            assert not os.path.exists(f"/sys/class/net/{device}"), device


def add_tunnels(dp, port):
    """The vport types that make their device themselves, which ovs-dpctl has no words for."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16) as sock:
        family = family_id(sock, "ovs_vport")
        for name, kind, options in (("tunnel-vxlan", 4, attr(1, struct.pack("=H", port)) + attr(2, attr(1))),
                                    ("tunnel-geneve", 5, attr(1, struct.pack("=H", port + 1000))), ("tunnel-gre", 3, b"")):
            body = struct.pack("=BBHI", 1, 1, 0, ifindex(dp)) + attr(3, name.encode() + b"\0") + attr(2, struct.pack("=I", kind)) + \
                   attr(5, bytes(4)) + (attr(4, options) if options else b"")
            sock.send(struct.pack("=IHHII", 16 + len(body), family, 5, 1, 0) + body)
            answer = sock.recv(65536)
            assert struct.unpack_from("=i", answer, 16)[0] == 0, f"{name}: {answer[20:]}"


def gone(what, still_there):
    """Namespaces are taken down in the background."""
    deadline = time.monotonic() + 60
    while still_there():
        assert time.monotonic() < deadline, f"{what} is still there"
        select.select([], [], [], 0.1)


def namespaces_go_with_their_datapaths(hosts):
    for turn in range(ROUNDS):
        space, device, inner = f"c{turn}", f"pc{turn}", f"in{turn}"
        run("ip", "netns", "add", space)
        run("ip", "link", "add", device, "type", "veth", "peer", "name", "qc", "netns", space)
        run("ip", "netns", "exec", space, "ovs-dpctl", "add-dp", "dp1")
        run("ip", "netns", "exec", space, "ovs-dpctl", "add-if", "dp1", "qc")
        run("ip", "netns", "exec", space, "ovs-dpctl", "add-if", "dp1", f"{inner},type=internal")
        run("ip", "-n", space, "link", "set", inner, "netns", "a")      # an internal device may leave and stays a port
        run("ip", "-n", "a", "link", "set", inner, "up")
        assert inner in run("ip", "netns", "exec", space, "ovs-dpctl", "show", "dp1")
        run("ip", "netns", "del", space)
    for turn in range(ROUNDS):
        gone(f"in{turn}", lambda: run("ip", "-n", "a", "link", "show", f"in{turn}", check=False))


def internal_device_dies_with_its_namespace(hosts):
    run("ovs-dpctl", "add-dp", "dp0")
    run("ip", "netns", "add", "d")
    run("ovs-dpctl", "add-if", "dp0", "in2,type=internal")
    run("ip", "link", "set", "in2", "netns", "d")
    run("ip", "netns", "del", "d")
    gone("in2", lambda: "in2" in run("ovs-dpctl", "show", "dp0"))
    run("ovs-dpctl", "del-dp", "dp0")


def it_refuses_beside_the_stock_module(hosts):
    if subprocess.run(["modprobe", "-n", "openvswitch"], capture_output=True).returncode:
        print("skipped: this kernel has no other datapath module")
        return
    run("rmmod", "turnout")
    run("modprobe", "openvswitch")
    run("modprobe", "turnout", check=False)
    refused = not loaded()
    run("rmmod", "openvswitch")
    assert refused, "turnout loads beside the stock module"
    assert "another datapath module is loaded" in run("dmesg")
    run("modprobe", "turnout")


# ---- netlink ----

def attr(kind, data=b""):
    return struct.pack("=HH", 4 + len(data), kind) + data + bytes(-len(data) % 4)


def ifindex(name):
    return socket.if_nametoindex(name)


def family_id(sock, name):
    body = struct.pack("=BBH", 3, 1, 0) + attr(2, name.encode() + b"\0")
    sock.send(struct.pack("=IHHII", 16 + len(body), 16, 1, 1, 0) + body)
    data = sock.recv(65536)[20:]
    while data:
        length, kind = struct.unpack_from("=HH", data)
        if kind == 1:
            return struct.unpack_from("=H", data, 4)[0]
        data = data[(length + 3) & ~3:]
    raise AssertionError(name)


def random_attributes(rng, depth=0):
    out = b""
    for _ in range(rng.choice((0, 1, 1, 2, 3, 5))):
        kind, choice = rng.randrange(36), rng.random()
        if choice < 0.35 and depth < 4:
            data = random_attributes(rng, depth + 1)
        else:
            size = rng.choice((0, 1, 2, 4, 4, 6, 8, 12, 12, 16, 28, 40, rng.randrange(300)))
            data = bytes(size) if choice < 0.6 else rng.randbytes(size)
        out += attr(kind, data)
    return out


def ethernet_key(rng):
    """A key that is mostly right, so that messages get past the first checks."""
    key = attr(3, struct.pack("=I", rng.choice((0, 1, 2, 70000)))) + attr(4, rng.randbytes(12))
    kind = rng.choice((0x0800, 0x86dd, 0x0806, 0x8847, 0x894f, 0x8100))
    key += attr(6, struct.pack(">H", kind))
    proto = rng.choice((1, 6, 17, 58, 132))
    frag = rng.choice((0, 0, 0, 1, 2))
    if kind == 0x0800:
        key += attr(7, rng.randbytes(8) + bytes((proto, 0, 64, frag)))
    elif kind == 0x86dd:
        key += attr(8, rng.randbytes(32) + b"\0\0\0\1" + bytes((proto, 0, 64, frag)))
    elif kind == 0x0806:
        key += attr(13, rng.randbytes(8) + b"\0\1" + rng.randbytes(12) + b"\0\0")
    elif kind == 0x8847:
        key += attr(21, rng.randbytes(4 * rng.randrange(1, 4)))
    elif kind == 0x8100:
        key += attr(5, b"\x10\x05") + attr(1, attr(6, b"\x08\x06") + attr(13, bytes(26)))
    l4 = {6: 9, 17: 10, 132: 17}.get(proto)
    if kind in (0x0800, 0x86dd) and frag != 2:
        if l4:
            key += attr(l4, rng.randbytes(4))
        elif (proto == 1) == (kind == 0x0800):
            key += attr(11 if proto == 1 else 12, bytes((rng.choice((8, 135, 136)), 0)))
    return key


def random_actions(rng, depth=0):
    out = b""
    for _ in range(rng.randrange(4)):
        kind = rng.randrange(1, 26)
        if kind in (6, 20, 21, 23) and depth < 3:
            inner = random_actions(rng, depth + 1)
            out += {6: lambda: attr(6, attr(1, rng.randbytes(4)) + attr(2, inner)), 20: lambda: attr(20, inner),
                    21: lambda: attr(21, attr(1, b"\x40\0") + attr(2, inner) + attr(3, inner)),
                    23: lambda: attr(23, attr(1, inner))}[kind]()
        elif kind == 1:
            out += attr(1, struct.pack("=I", rng.randrange(4)))
        elif kind == 2:
            out += attr(2, attr(1, rng.randbytes(4)) + attr(2, rng.randbytes(rng.randrange(20))))
        elif kind in (3, 11):
            out += attr(kind, attr(4, bytes(12 if kind == 3 else 24)) if rng.random() < .6 else random_attributes(rng, 3))
        elif kind == 12:
            out += attr(12, attr(1) + attr(2, b"\1\0") + (attr(6, attr(1)) if rng.random() < .5 else b""))
        else:
            size = {4: 4, 5: 0, 7: 4, 8: 8, 9: 8, 10: 2, 13: 4, 14: 12, 15: 0, 16: 0, 18: 0, 19: 4, 22: 8}.get(kind, 4)
            out += attr(kind, bytes(size) if rng.random() < .5 else rng.randbytes(size))
    return out


def message(rng, families, index):
    family = rng.randrange(len(families))
    if FAMILIES[family] == "ovs_flow" and rng.random() < 0.9:
        body = attr(1, ethernet_key(rng))
        if rng.random() < .4:
            body += attr(7, ethernet_key(rng) if rng.random() < .5 else random_attributes(rng, 2))
        body += attr(2, random_actions(rng))
        if rng.random() < .5:
            body += attr(9, struct.pack("=QQ", rng.randrange(500), 0))
    elif FAMILIES[family] == "ovs_packet" and rng.random() < 0.9:
        body = attr(1, rng.randbytes(12) + rng.choice((b"\x08\0", b"\x86\xdd", b"\x88\x47", b"\x89\x4f", b"\x81\0")) +
                    rng.choice((b"\x45", b"\x60", b"")) + rng.randbytes(rng.randrange(120)))
        body += attr(2, attr(3, struct.pack("=I", rng.randrange(4)))) + attr(3, random_actions(rng))
    else:
        body = random_attributes(rng)
    if rng.random() < 0.15 and body:       # some bits flipped, some bytes lost
        body = bytearray(body)
        body[rng.randrange(len(body))] ^= 1 << rng.randrange(8)
        body = bytes(body[:rng.randrange(len(body)) & ~3]) if rng.random() < .3 else bytes(body)
    command = rng.randrange(1, 5) if family != 0 else rng.choice((3, 4))        # datapaths stay
    flags = 1 | rng.choice((0, 0, 0x400, 0x300 if rng.random() < .05 else 8))
    body = struct.pack("=BBHI", command, 2, 0, ifindex("dp0") if rng.random() < .97 else rng.randrange(40)) + body
    return struct.pack("=IHHII", 16 + len(body), families[family], flags, index, 0) + body


def messages_that_nobody_would_send(hosts):
    seed = int(os.environ.get("SEED", "1"))
    rng = random.Random(seed)
    switch_between("pa", "pb")
    sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    families = [family_id(sock, name) for name in FAMILIES]
    sock.setblocking(False)
    good = 0
    for index in range(MESSAGES):
        try:
            sock.send(message(rng, families, index))
        except OSError:
            pass
        with contextlib.suppress(BlockingIOError, OSError):
            while True:
                answer = sock.recv(1 << 17)
                good += struct.unpack_from("=H", answer, 4)[0] != 2
    print(f"  {MESSAGES} messages (seed {seed}), {good} answered with more than an error; flows now: "
          f"{len(run('ovs-dpctl', 'dump-flows', 'dp0').splitlines())}")
    assert good > MESSAGES // 100, good
    run("ovs-dpctl", "del-dp", "dp0")


def main():
    hosts = Hosts()
    failed = 0
    for test in (the_module_goes_under_traffic, ports_and_datapaths_go_under_traffic, namespaces_go_with_their_datapaths,
                 internal_device_dies_with_its_namespace, it_refuses_beside_the_stock_module,
                 messages_that_nobody_would_send):
        try:
            with hosts.flood():
                test(hosts)
            print(f"ok    {test.__name__}", flush=True)
        except AssertionError as error:
            failed += 1
            print(f"FAIL  {test.__name__}\n{error}", flush=True)
        # Asking for the families while nobody has them would have the kernel load the stock module.
        for datapath in run("ovs-dpctl", "dump-dps", check=False).split() if loaded() else ():
            run("ovs-dpctl", "del-dp", datapath)
    run("rmmod", "turnout")
    raise SystemExit(failed != 0)


main()
