#!/usr/bin/env python3
# The stock module and turnout.ko in one guest: the same netlink requests get the same answers, attribute by attribute.
# programs: ovs-dpctl dmesg
# modules: dummy
# available: turnout openvswitch
# deadline: 120

import difflib
import itertools
import socket
import struct
import subprocess

NEW, DEL, GET, SET = 1, 2, 3, 4
EXECUTE = 3     # of ovs_packet; the upcall that it causes comes before its acknowledgement
REQUEST, ECHO, CREATE, DUMP = 1, 8, 0x400, 0x300
VOLATILE = {("ovs_datapath", 3), ("ovs_datapath", 4), ("ovs_vport", 6), ("ovs_vport", 8)}    # statistics, interface index


def run(*words):
    subprocess.run(words, check=True, capture_output=True)


def attr(kind, data=b""):
    return struct.pack("=HH", 4 + len(data), kind) + data + bytes(-len(data) % 4)


def u32(kind, value):
    return attr(kind, struct.pack("=I", value))


def attributes(data):
    while len(data) >= 4:
        length, kind = struct.unpack_from("=HH", data)
        yield kind, data[4:length]
        data = data[(length + 3) & ~3:]


# Where the stock module is left alone, and why.
PERMITTED = {
    "802.2": "without a mask the stock module matches any Ethernet type",
    "tunnel": "without a mask it leaves out tunnel flags that the key does not have",
    "geneve options": "the same",
    "check_pkt_len the other way round": "it puts the lists in an order of its own; turnout.ko tells actions as they came",
    "ct without zone": "it adds zone 0; likewise",
    "tcp attribute without tcp": "it looks for a flow of an impossible key",
    "a tag cut short": "it tells type 0 in place of the tag's, and refuses a flow with such a key itself",
}
NO_HASH = ("ovs_packet", 11)    # of a packet that has none turnout.ko does not speak


class Module:
    """A conversation with the loaded module; what is said is kept as lines."""

    def __init__(self):
        self.lines, self.sock = [], socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16)
        self.sock.settimeout(30)
        run("ovs-dpctl", "add-dp", "dp0")
        run("ovs-dpctl", "add-if", "dp0", "d0")
        run("ovs-dpctl", "add-if", "dp0", "in0,type=internal")
        self.index = socket.if_nametoindex("dp0")

    def family(self, name):
        body = struct.pack("=BBH", 3, 1, 0) + attr(2, name.encode() + b"\0")
        self.sock.send(struct.pack("=IHHII", 16 + len(body), 16, REQUEST, 1, 0) + body)
        return struct.unpack("=H", dict(attributes(self.sock.recv(65536)[20:]))[1])[0]

    def ask(self, what, family, command, flags=0, body=b""):
        """One request and its answers up to the acknowledgement."""
        flags |= REQUEST | (0 if flags & DUMP else 4)
        body = struct.pack("=BBHI", command, 1, 0, self.index) + body
        self.sock.send(struct.pack("=IHHII", 16 + len(body), self.family_of(family), flags, 7, 0) + body)
        for message in self.messages():
            kind = struct.unpack_from("=H", message, 4)[0]
            if kind == 2:
                self.lines.append(f"{what}: error {-struct.unpack_from('=i', message, 16)[0]}")
                return
            if kind == 3:
                self.lines.append(f"{what}: done")
                return
            shown = " ".join(f"{k}={len(v) if (family, k) in VOLATILE else v.hex()}" for k, v in attributes(message[24:])
                             if (family, k) != NO_HASH or any(v))
            self.lines.append(f"{what}: command {message[16]} version {message[17]}: {shown}")

    def family_of(self, name, known={}):
        if (self, name) not in known:
            known[self, name] = self.family(name)
        return known[self, name]

    def messages(self):
        for _ in itertools.count():
            data = self.sock.recv(65536)
            while data:
                length = struct.unpack_from("=I", data)[0]
                yield data[:length]
                data = data[(length + 3) & ~3:]


def eth(kind, *rest, port=1):
    return attr(1, u32(3, port) + attr(4, bytes(range(12))) + attr(6, struct.pack(">H", kind)) + b"".join(rest))


def ipv4(proto, frag=0):
    return attr(7, bytes((10, 0, 0, 1, 10, 0, 0, 2, proto, 0, 64, frag)))


def ipv6(proto):
    return attr(8, bytes(range(32)) + b"\0\1\2\3" + bytes((proto, 4, 64, 0)))


def tunnel(*rest):
    return attr(16, attr(0, b"\0\0\0\0\0\0\0\5") + attr(1, b"\1\1\1\1") + attr(2, b"\2\2\2\2") + attr(4, b"\x40") + b"".join(rest))


FLOWS = {
    "arp": eth(0x0806, attr(13, bytes(range(8)) + b"\0\1" + bytes(12) + b"\0\0")),
    "tcp": eth(0x0800, ipv4(6), attr(9, b"\0\1\0\2"), attr(18, b"\0\2")),
    "udp": eth(0x0800, ipv4(17), attr(10, b"\0\1\0\2")),
    "icmp": eth(0x0800, ipv4(1), attr(11, b"\x08\0")),
    "later fragment": eth(0x0800, ipv4(17, 2)),
    "sctp over ipv6": eth(0x86dd, ipv6(132), attr(17, b"\0\1\0\2")),
    "neighbour solicitation": eth(0x86dd, ipv6(58), attr(12, b"\x87\0"), attr(14, bytes(range(28)))),
    "mpls": eth(0x8847, attr(21, bytes(range(8)))),
    "vlan": attr(1, u32(3, 1) + attr(4, bytes(12)) + attr(6, b"\x81\0") + attr(5, b"\x10\5") + attr(1, attr(6, b"\x08\0") + ipv4(47))),
    "two vlans": attr(1, u32(3, 1) + attr(4, bytes(12)) + attr(6, b"\x88\xa8") + attr(5, b"\x10\5") + attr(1, attr(6, b"\x81\0") +
                      attr(5, b"\x10\6") + attr(1, attr(6, b"\x08\0") + ipv4(47)))),
    "802.2": attr(1, u32(3, 1) + attr(4, bytes(12))),
    "tunnel": attr(1, u32(3, 1) + tunnel(attr(5), attr(6)) + attr(4, bytes(12)) + attr(6, b"\x08\0") + ipv4(47)),
    "geneve options": attr(1, u32(3, 1) + tunnel(attr(8, bytes(range(8)))) + attr(4, bytes(12)) + attr(6, b"\x08\0") + ipv4(47)),
    "tunnel without ttl": attr(1, u32(3, 1) + attr(16, attr(1, bytes(4))) + attr(4, bytes(12)) + attr(6, b"\x08\0") + ipv4(47)),
    "ct": attr(1, u32(3, 1) + u32(22, 0x21) + attr(23, b"\1\0") + u32(24, 7) + attr(4, bytes(12)) + attr(6, b"\x08\0") + ipv4(47)),
    "ipv4 without its attribute": eth(0x0800),
    "tcp attribute without tcp": eth(0x0800, ipv4(17), attr(10, bytes(4)), attr(9, bytes(4))),
    "port out of range": eth(0x0806, attr(13, bytes(24)), port=70000),
    "attribute twice": eth(0x0806, attr(13, bytes(24)), attr(13, bytes(24))),
    "wrong length": eth(0x0806, attr(13, bytes(20))),
}

IP_MASK = attr(7, u32(3, 0xffffffff) + attr(6, b"\xff\xff") + attr(7, b"\xff\xff\xff\0" + bytes(4) + b"\xff\0\0\xff"))

ACTIONS = {
    "output and vlan": attr(4, b"\x81\0\x10\5") + u32(1, 2) + attr(5) + u32(1, 1),
    "vlan without its bit": attr(4, b"\x81\0\0\5"),
    "set ethernet": attr(3, attr(4, bytes(12))),
    "set masked ethernet": attr(11, attr(4, bytes(11) + b"\1" + bytes(11) + b"\1")),
    "set masked beyond the mask": attr(11, attr(4, bytes(11) + b"\2" + bytes(11) + b"\1")),
    "set ipv4": attr(3, attr(7, bytes(8) + b"\x11\0\x40\0")),
    "set ipv4 protocol": attr(3, attr(7, bytes(8) + b"\6\0\x40\0")),
    "set udp": attr(3, attr(10, bytes(4))),
    "set tcp of udp": attr(3, attr(9, bytes(4))),
    "set tunnel": attr(3, tunnel(attr(5), attr(10, b"\x12\xb5"))),
    "set priority and mark": attr(3, u32(2, 5)) + attr(3, u32(15, 6)),
    "userspace": attr(2, u32(1, 99) + attr(2, b"cookie") + u32(3, 2) + attr(4)),
    "userspace without socket": attr(2, attr(2, b"cookie")),
    "sample": attr(6, u32(1, 1 << 31) + attr(2, u32(1, 2))),
    "sample without actions": attr(6, u32(1, 1)),
    "clone": attr(20, u32(1, 2)),
    "check_pkt_len": attr(21, attr(1, b"\x64\0") + attr(3, u32(1, 1)) + attr(2, u32(1, 2))),
    "check_pkt_len the other way round": attr(21, attr(1, b"\x64\0") + attr(2, u32(1, 2)) + attr(3, u32(1, 1))),
    "trunc": u32(13, 100) + u32(1, 2),
    "trunc too short": u32(13, 13),
    "hash and recirc": attr(8, bytes(8)) + u32(7, 9),
    "unknown hash": attr(8, b"\1" + bytes(7)),
    "push mpls": attr(9, b"\0\0\x11\x40\x88\x47\0\0"),
    "pop mpls of ip": attr(10, b"\x08\0"),
    "pop and push ethernet": attr(15) + attr(14, bytes(12)),
    "push ethernet twice": attr(14, bytes(12)),
    "meter": u32(19, 3),
    "ct": attr(12, attr(1) + attr(2, b"\5\0") + attr(3, bytes(8 - 1) + b"\1")),
    "ct without zone": attr(12, attr(1)),
    "ct with nat": attr(12, attr(1) + attr(2, b"\0\0") + attr(6, attr(1) + attr(3, b"\1\1\1\1"))),
    "ct mark without commit": attr(12, attr(3, bytes(7) + b"\1")),
    "unknown action": attr(60),
    "port out of range": u32(1, 70000),
}


def tagged(*types):
    return bytes(range(12)) + b"".join(struct.pack(">HH", kind, 5 + n) for n, kind in enumerate(types)) + b"\x08\0\x45" + bytes(40)


def nsh(version, mdtype, words, rest):
    return bytes(range(12)) + b"\x89\x4f" + struct.pack(">HBBI", version << 14 | words, mdtype, 3, 0x12345604) + bytes(range(rest))


FRAMES = {
    "one tag": tagged(0x8100),
    "two tags": tagged(0x88a8, 0x8100),
    "three tags": tagged(0x88a8, 0x8100, 0x8100),
    "four tags": tagged(0x8100, 0x8100, 0x8100, 0x8100),
    "a tag cut short": tagged(0x8100)[:17],
    "NSH": nsh(0, 1, 6, 20),
    "NSH of another version": nsh(1, 1, 6, 20),
    "NSH with contexts of another length": nsh(0, 1, 5, 20),
    "NSH cut short": nsh(0, 1, 6, 12),
    "NSH with variable contexts": nsh(0, 2, 3, 20),
    "NSH with variable contexts, cut short": nsh(0, 2, 7, 12),
    "NSH with a length of nothing": nsh(0, 2, 0, 20),
    "NSH with contexts of a third kind": nsh(0, 3, 6, 20),
}


def conversation(module):
    m = Module()
    m.ask("datapath", "ovs_datapath", GET)
    m.ask("datapaths", "ovs_datapath", GET, DUMP)
    m.ask("features", "ovs_datapath", SET, ECHO, u32(5, 3))
    m.ask("cache size", "ovs_datapath", SET, ECHO, u32(5, 3) + u32(7, 1024))
    m.ask("no datapath of that name", "ovs_datapath", GET, 0, attr(1, b"dp9\0"))
    m.ask("datapath once more", "ovs_datapath", NEW, ECHO, attr(1, b"dp0\0") + u32(2, 0))
    m.ask("features, which the stock module forgot", "ovs_datapath", SET, ECHO, u32(5, 3))
    m.ask("datapath without name", "ovs_datapath", NEW, ECHO, u32(2, 0))
    m.ask("port", "ovs_vport", GET, 0, u32(1, 1))
    m.ask("port by name", "ovs_vport", GET, 0, attr(3, b"in0\0"))
    m.ask("ports", "ovs_vport", GET, DUMP)
    m.ask("sockets", "ovs_vport", SET, ECHO, u32(1, 1) + attr(5, struct.pack("=II", 5, 6)))
    m.ask("sockets of odd length", "ovs_vport", SET, ECHO, u32(1, 1) + attr(5, b"\0\0\0\0\0\0"))
    for what, name, kind in (("again", b"d0\0", 1), ("no device", b"nope\0", 1), ("loopback", b"lo\0", 1), ("type", b"lo\0", 99)):
        m.ask(f"new port: {what}", "ovs_vport", NEW, ECHO, attr(3, name) + u32(2, kind) + u32(5, 5))
    m.ask("number in use", "ovs_vport", NEW, ECHO, attr(3, b"in9\0") + u32(2, 2) + u32(5, 5) + u32(1, 1))
    m.ask("the local port goes", "ovs_vport", DEL, ECHO, u32(1, 0))
    m.ask("no port of that number", "ovs_vport", DEL, ECHO, u32(1, 9))
    for what, key in FLOWS.items():
        m.ask(f"new {what}", "ovs_flow", NEW, ECHO | CREATE, key + attr(2))
        m.ask(f"new {what} again", "ovs_flow", NEW, ECHO | CREATE, key + attr(2))
        m.ask(f"get {what}", "ovs_flow", GET, ECHO, key)
        m.ask(f"set {what}", "ovs_flow", SET, ECHO, key + attr(2, u32(1, 2)))
        m.ask(f"del {what}", "ovs_flow", DEL, ECHO, key)
    m.ask("masked", "ovs_flow", NEW, ECHO | CREATE, FLOWS["udp"] + IP_MASK + attr(9, bytes(range(16))) + attr(2))
    m.ask("masked, by identifier", "ovs_flow", GET, ECHO, attr(9, bytes(range(16))))
    m.ask("masked, less of it", "ovs_flow", GET, ECHO, attr(9, bytes(range(16))) + u32(10, 7))
    m.ask("all flows", "ovs_flow", GET, DUMP)
    m.ask("all go", "ovs_flow", DEL, ECHO)
    for what, actions in ACTIONS.items():
        m.ask(f"actions: {what}", "ovs_flow", NEW, ECHO | CREATE, FLOWS["udp"] + attr(2, actions))
        m.ask("it goes", "ovs_flow", DEL, 0, FLOWS["udp"])
    for what, frame in FRAMES.items():
        m.ask(f"frame: {what}", "ovs_packet", EXECUTE, 0, attr(1, frame) + attr(2, u32(3, 1)) +
              attr(3, attr(2, u32(1, m.sock.getsockname()[0]))))
    m.ask("port goes", "ovs_vport", DEL, ECHO, u32(1, 1))
    m.ask("datapath goes", "ovs_datapath", DEL, ECHO)
    m.ask("datapath goes again", "ovs_datapath", DEL, ECHO)
    run("rmmod", module)
    return m.lines


def compared(lines):
    return [line for line in lines if not any(f" {what}:" in line for what in PERMITTED)]


def main():
    run("ip", "link", "add", "d0", "type", "dummy")
    said = []
    for module in ("openvswitch", "turnout"):
        run("modprobe", module)
        said.append(conversation(module))
    difference = list(difflib.unified_diff(*map(compared, said), "openvswitch", "turnout", lineterm="", n=0))
    print("\n".join(difference) or f"ok    {len(compared(said[0]))} answers are the same")
    raise SystemExit(bool(difference))


main()
