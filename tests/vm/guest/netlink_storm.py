"""Random netlink messages to every family of the kernel interface, while packets run: valid ones, and valid ones broken.

Every message starts as a good one; most are then mutated in bytes, lengths and attribute types, or spliced with others. The
kernel must refuse or obey, and never complain. The seed is printed; STORM_SEED repeats a run. No answer may hold memory that
nobody wrote: a kernel that marks such memory (tests/vm/debug-kernel) shows it.
"""
import contextlib
import os
import random
import socket
import struct

from ovs_netlink import (A, F, FLOW_DEL, FLOW_GET, FLOW_NEW, FLOW_SET, K, NLM_F_CREATE, NLM_F_DUMP, Errno, Family, add_mpls, attr, be,
                         check_pkt_len, clone, ct, ct_clear, dec_ttl, hash_l4, key, lse, meter, nat_dst, nat_src, nest, output,
                         pop_eth, pop_mpls, pop_nsh, pop_vlan, push_eth, push_mpls, push_nsh, push_vlan, recirc, sample, set_,
                         trunc, u32, userspace)
from packets import Sctp, eth, icmp6, ip4, ip4_fragments, ip6, mpls, nsh, tag, tcp, udp

X, Y = "02:11:11:11:11:11", "02:22:22:22:22:22"
BATCH = 40
FLAGS = (0, 4, 4, 4, 4 | 8, NLM_F_CREATE, NLM_F_CREATE | 0x200, 0x100, NLM_F_DUMP)
# What the allocator of a debug kernel and its compiler put where nobody has written yet. No message here has such words.
UNWRITTEN = (b"\x6b" * 4, b"\x5a" * 4, b"\xaa" * 4, b"\xfe" * 4)

FRAMES = [eth(ip4(udp())), eth(ip4(tcp())), eth(ip6(tcp())), eth(ip6(icmp6(135, 0, bytes(20)))), tag(eth(ip4(udp())), 5),
          tag(tag(eth(ip4(udp())), 5), 6, tpid=0x88a8), eth(mpls(ip4(udp())), kind=0x8847), eth(nsh(eth(ip4(udp())), np=3), kind=0x894f),
          eth(ip4(Sctp())), eth(bytes(46), kind=0x0806), eth(ip4_fragments(ip4(udp(payload=bytes(300)), frag=0), 96)[1]), b"\1" * 10, b""]

MATCHES = [key(), key(type=0x86dd), key(proto=6, tp=(1000, 2000)), key(proto=17, tp=(1000, 2000)), key(frag="later"),
           key(frag="first"), key(vlan=5), key(type=0x8847, lse=lse(100)), key(type=0x894f, nsh_path=0x123ff), key(recirc=1),
           key(recirc=2, ct_state=(0x20, 0x3f)), key(type=0x86dd, proto=6, tp=(1000, 2000)), key(dp_hash=(1, 1)),
           key(zone=5, mark=(1, 1), label=(1, 1), ct_state=(0x20, 0x20)), key(port=2), key(port=3, src="10.0.0.1")]


def more(match, kind, value, mask=None):
    """The match with one field more."""
    return match[0] + attr(K[kind], value), match[1] + attr(K[kind], mask or b"\xff" * len(value))


def tunnel(*options, to=attr(2, bytes([10, 0, 0, 1]))):
    return b"".join((attr(0, bytes(8)), to, attr(4, b"\x40"), *options))


TUNNELS = [tunnel(), tunnel(to=attr(13, bytes(15) + b"\1")), tunnel(attr(8, b"\1\2\3\1abcd")), tunnel(attr(8, b"\1\2\x83\0")),
           tunnel(attr(11, attr(1, u32(7)))), tunnel(attr(11)), tunnel(attr(15, u32(1) + bytes(8))), tunnel(attr(15, b"\1")),
           tunnel(attr(1, bytes([10, 0, 0, 2])), attr(3, b"\4"), attr(5), attr(6), attr(7), attr(9, b"\1\1"), attr(10, b"\2\2"))]
MATCHES += [more(more(key(type=0x86dd, proto=58), "icmpv6", b"\x87\0"), "nd", bytes(28)), more(key(type=0x86dd, proto=58), "icmpv6", b"\x80\0"),
            more(key(type=0x86dd), "ipv6_exthdrs", b"\x10\0"), more(key(type=0x86dd), "ct_tuple6", bytes(37), b"\xff" * 37),
            more(key(), "ct_tuple4", bytes(12) + b"\6", bytes(12) + b"\xff"), more(key(proto=1), "icmp", b"\x08\0"),
            more(key(type=0x0806), "arp", bytes(8) + b"\0\1" + bytes(14)), *(more(key(), "tunnel", one, one) for one in TUNNELS)]


def action_pool(pid):
    simple = [output(1), output(2), output(3), output(0), output(9), pop_vlan(), push_vlan(7), push_vlan(7, tpid=0x88a8), trunc(60),
              recirc(1), recirc(2), hash_l4(), meter(1), ct_clear(), ct(zone=5), ct(commit=True, zone=5, mark=(1, 1), label=(1, 1)),
              ct(commit=True, nat=nat_src("10.0.0.7", "10.0.0.9")), ct(commit=True, nat=nat_dst("10.0.0.7", 80)), ct(nat=[]),
              ct(commit=True, helper="ftp"), ct(commit=True, force=True), push_mpls(lse(5)), pop_mpls(0x0800), pop_mpls(0x8847),
              add_mpls(lse(5)), add_mpls(lse(5), at_l3=False), push_eth(X, Y), pop_eth(), push_nsh(0x5ff), pop_nsh(),
              userspace(pid, b"data"), userspace(pid), set_("ethernet", bytes(12)), set_("ethernet", bytes(12), b"\xff" * 12),
              set_("ipv4", bytes(12), b"\xff" * 8 + b"\0\xff\xff\0"), set_("ipv6", bytes(40), b"\xff" * 32 + bytes(8)),
              set_("tcp", bytes(4), b"\xff" * 4), set_("udp", bytes(4)), set_("sctp", bytes(4)), set_("mpls", be(lse(7), 4)),
              set_("priority", u32(7)), set_("skb_mark", u32(7), u32(0xff)),
              *(nest(A["set"], nest(K["tunnel"], one)) for one in TUNNELS),
              nest(A["userspace"], attr(1, u32(pid)), attr(2, b""), attr(3, u32(4)), attr(4)),
              nest(A["ct"], attr(1), attr(8, u32(1)), attr(9, b"none\0")), ct(commit=True, helper="tftp", nat=[]),
              nest(A["push_nsh"], nest(K["nsh"], attr(1, struct.pack("=BBBB", 0, 63, 2, 3) + bytes(4)), attr(3, bytes(8)))),
              nest(A["set"], nest(K["nsh"], attr(1, bytes(8)), attr(2, bytes(16))))]
    some = lambda: random.choices(simple, k=random.randrange(4))
    nested = [lambda: sample(random.choice((0, 1 << 31, 0xffffffff)), *some()), lambda: clone(*some(), clone(*some())),
              lambda: check_pkt_len(100, some(), some()), lambda: dec_ttl(*some()), lambda: deep(random.randrange(20), *some())]
    return lambda: b"".join(random.choice(simple) if random.random() < 0.8 else random.choice(nested)() for _ in
                            range(random.randrange(6)))


def deep(levels, *actions):
    return clone(deep(levels - 1, *actions), output(1)) if levels else clone(*actions)


class Storm:
    def __init__(self, seed):
        random.seed(seed)
        self.families = {name: Family(name) for name in
                         ("ovs_datapath", "ovs_vport", "ovs_flow", "ovs_packet", "ovs_meter", "ovs_ct_limit")}
        self.listener, self.watcher = Family("ovs_packet"), Family("ovs_flow")
        self.watcher.join("ovs_flow")
        self.leaked = []
        self.actions = action_pool(self.listener.pid)
        for family in self.families.values():
            family.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
        self.dp = 0
        self.count = dict.fromkeys(("accepted", "refused", "answers", "upcalls", "notifications"), 0)

    # ---- a datapath to be stormed; what messages have taken down comes back ----
    def build_up(self):
        with contextlib.suppress(Errno):
            self.families["ovs_datapath"].ask(1, attr(1, b"dp\0") + attr(2, u32(self.listener.pid)) + attr(5, u32(3)))
        self.dp = socket.if_nametoindex("dp")
        for number in (1, 2, 3):
            with contextlib.suppress(Errno):
                self.families["ovs_vport"].ask(1, attr(1, u32(number)) + attr(2, u32(1)) + attr(3, f"p{number}\0".encode()) +
                                               attr(5, u32(self.listener.pid)), self.dp)

    def tear_down(self):
        for _, payload in self.families["ovs_datapath"].ask(3, b"", flags=NLM_F_DUMP):
            name = payload[4:payload.index(b"\0", 4) + 1]   # OVS_DP_ATTR_NAME comes first
            with contextlib.suppress(Errno):
                self.families["ovs_datapath"].ask(2, attr(1, name))

    # ---- good messages ----
    def good(self, family):
        return getattr(self, family)()

    def ovs_datapath(self):
        parts = [attr(1, random.choice((b"dp\0", b"dp2\0", b"dp3\0", b"p1\0")))]
        parts += random.sample([attr(2, u32(0)), attr(5, u32(random.choice((0, 3, 7, 15, 255)))), attr(7, u32(random.choice((0, 1, 256, 100)))),
                                attr(8, u32(self.listener.pid) * 4), attr(9, u32(random.choice((1, 2, 0, 1000, 1 << 31))))], random.randrange(4))
        return random.choice((1, 3, 3, 4, 4, 4, 2)), b"".join(parts)

    def ovs_vport(self):
        parts = [attr(3, random.choice((b"p1\0", b"p2\0", b"int0\0", b"int1\0", b"lo\0", b"none\0")))]
        parts += random.sample([attr(1, u32(random.choice((1, 2, 3, 4, 5, 65534, 1 << 31)))), attr(2, u32(random.randrange(7))), attr(5, u32(self.listener.pid)),
                                nest(4, attr(1, struct.pack("=H", random.choice((4789, 6081)))), *random.choice(((), (nest(2, attr(1)),)))),
                                attr(5, u32(self.listener.pid) * 9), attr(8, u32(random.choice((1, 77))))], random.randrange(5))
        return random.choice((1, 1, 2, 3, 3, 4)), b"".join(parts)

    def ovs_flow(self):
        match = random.choice(MATCHES)
        parts = [nest(F["key"], match[0])]
        if random.random() < 0.9:
            parts.append(nest(F["mask"], match[1]))
        if random.random() < 0.9:
            parts.append(nest(F["actions"], self.actions()))
        if random.random() < 0.3:
            parts.append(attr(F["ufid"], bytes([random.randrange(8)]) * random.choice((16, 16, 4, 1))))
        if random.random() < 0.1:
            parts.append(random.choice((attr(F["probe"]), attr(F["clear"]), attr(F["ufid_flags"], u32(random.randrange(8))))))
        if random.random() < 0.02:
            return FLOW_DEL, b""
        return random.choice((FLOW_NEW, FLOW_NEW, FLOW_NEW, FLOW_SET, FLOW_GET, FLOW_DEL)), b"".join(parts)

    def ovs_packet(self):
        metadata = random.sample([attr(K["in_port"], u32(random.randrange(5))), attr(K["skb_mark"], u32(1)), attr(K["recirc_id"], u32(random.randrange(3))),
                                  attr(K["ct_state"], u32(0x22)), attr(K["ct_zone"], b"\5\0"), attr(K["eth_type"], be(0x0800, 2)), attr(K["ct_tuple4"], bytes(12) + b"\6"),
                                  nest(K["tunnel"], random.choice(TUNNELS))], random.randrange(8))
        parts = [attr(1, random.choice(FRAMES)), nest(2, *metadata), nest(3, self.actions())]
        if random.random() < 0.1:
            parts.append(random.choice((attr(9, struct.pack("=H", random.choice((0, 60, 1400)))), attr(8), attr(11, bytes(range(8))))))
        return 3, b"".join(parts)

    def ovs_meter(self):
        bands = [nest(0, attr(1, u32(1)), attr(2, u32(random.randrange(1000))), attr(3, u32(random.randrange(9)))) for _ in range(random.randrange(4))]
        parts = [attr(1, u32(random.randrange(3)))] + random.sample([attr(2), attr(6)], random.randrange(3))
        return random.randrange(1, 5), b"".join(parts) + nest(4, *bands)

    def ovs_ct_limit(self):
        zones = b"".join(struct.pack("=iII", random.choice((-1, 5, 6, 65535)), random.choice((0, 1, 1000)), 0) for _ in range(random.randrange(4)))
        return random.randrange(1, 4), attr(1, zones)

    # ---- and what becomes of them ----
    @staticmethod
    def broken(payload):
        data = bytearray(payload)
        for _ in range(random.choice((1, 1, 2, 4, 8))):
            if not data:
                break
            at = random.randrange(len(data))
            how = random.random()
            if how < 0.5:
                data[at] = random.choice((0, 1, 0xff, data[at] ^ (1 << random.randrange(8)), random.randrange(256)))
            elif how < 0.75:   # a length or a type
                at &= ~3
                data[at:at + 2] = struct.pack("=H", random.choice((0, 3, 4, 5, 8, 0x8004, 0xffff, random.randrange(64))))
            elif how < 0.9:
                del data[at:at + 4 * random.randrange(1, 8)]
            else:
                data[at & ~3:at & ~3] = data[:random.randrange(64)]
        return bytes(data)

    def one(self):
        name = random.choices(("ovs_flow", "ovs_packet", "ovs_vport", "ovs_datapath", "ovs_meter", "ovs_ct_limit"),
                              (50, 30, 6, 2, 8, 4))[0]
        family = self.families[name]
        command, payload = self.good(name)
        if random.random() < 0.6:
            payload = self.broken(payload)
        if random.random() < 0.02:
            command = random.randrange(256)
        ifindex = self.dp if random.random() < 0.97 else random.choice((0, -1, 1, 1 << 30))
        return name, family.message(command, struct.pack("=i", ifindex) + payload, random.choice(FLAGS))

    def blow(self, messages):
        sent = 0
        while sent < messages:
            if sent % (BATCH * 100) == 0:
                self.tear_down()
            if sent % (BATCH * 4) == 0:
                self.build_up()
            if sent and sent % (BATCH * 25) == 0:
                print(f"{sent} of {messages} messages", flush=True)   # a kernel that checks itself takes its time
            together = {}
            for _ in range(BATCH):
                name, message = self.one()
                together.setdefault(name, []).append(message)
            for name, batch in together.items():
                link = self.families[name].socket
                padded = [message + bytes(-len(message) % 4) for message in batch]
                with contextlib.suppress(OSError):
                    link.send(b"".join(padded))
                self.drain(link)
            self.drain(self.listener.socket)
            self.drain(self.watcher.socket)
            sent += BATCH
        for family in self.families.values():
            self.drain(family.socket)
        self.tear_down()
        return sent

    def drain(self, link):
        """Takes and counts what has been answered."""
        link.setblocking(False)
        while True:
            try:
                data = link.recv(1 << 17)
                _, kind, _, _, _, code = struct.unpack_from("=IHHIIi", data)
                what = "answers" if kind != 2 else "refused" if code else "accepted"
                what = "upcalls" if link is self.listener.socket else "notifications" if link is self.watcher.socket else what
                self.count[what] += 1
                if any(mark in data for mark in UNWRITTEN):
                    self.leaked.append(f"{what}: {data.hex()}")
            except BlockingIOError:
                return
            except OSError:
                pass   # answers were lost for want of room; there may be more


def seed():
    value = int(os.environ.get("STORM_SEED") or random.randrange(1 << 32))
    print(f"seed {value}", flush=True)
    return value
