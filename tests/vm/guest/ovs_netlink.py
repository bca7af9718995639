"""The kernel interface <linux/openvswitch.h> spoken from scratch: what Debian's ovs-dpctl has no words for, and what no
tool would ever send.

attr() and nest() build attributes; key() and the functions named after actions build what flows are made of; Family talks.
"""
import errno
import ipaddress
import os
import socket
import struct

NLM_F_REQUEST, NLM_F_ACK, NLM_F_CREATE, NLM_F_DUMP = 1, 4, 0x400, 0x300
CTRL, NLMSG_ERROR, NLMSG_DONE = 16, 2, 3
FRAG = {"no": 0, "first": 1, "later": 2}
# Numbers of OVS_KEY_ATTR_*, OVS_ACTION_ATTR_*, OVS_FLOW_ATTR_*.
K = {name: number for number, name in enumerate(
    "unspec encap priority in_port ethernet vlan eth_type ipv4 ipv6 tcp udp icmp icmpv6 arp nd skb_mark tunnel sctp tcp_flags "
    "dp_hash recirc_id mpls ct_state ct_zone ct_mark ct_labels ct_tuple4 ct_tuple6 nsh packet_type nd_ext tunnel_info "
    "ipv6_exthdrs".split())}
A = {name: number for number, name in enumerate(
    "unspec output userspace set push_vlan pop_vlan sample recirc hash push_mpls pop_mpls set_masked ct trunc push_eth pop_eth "
    "ct_clear push_nsh pop_nsh meter clone check_pkt_len add_mpls dec_ttl".split())}
F = {name: number for number, name in enumerate(
    "unspec key actions stats tcp_flags used clear mask probe ufid ufid_flags pad".split())}
ANY = "203.0.113.77"   # the address that put_for_addresses() replaces
FLOW_NEW, FLOW_DEL, FLOW_GET, FLOW_SET = 1, 2, 3, 4


def attr(kind, data=b""):
    return struct.pack("=HH", 4 + len(data), kind) + data + bytes(-len(data) % 4)


def nest(kind, *parts):
    return attr(kind, b"".join(parts))


def attributes(data):
    """(type, payload) of each attribute."""
    while len(data) >= 4:
        length, kind = struct.unpack_from("=HH", data)
        if length < 4:
            return
        yield kind & 0x3fff, data[4:length]
        data = data[(length + 3) & ~3:]


def u32(value):
    return struct.pack("=I", value)


def be(value, size):
    return value.to_bytes(size, "big")


def address(text):
    return ipaddress.ip_address(text).packed


def addresses(number, first="10.1.0.0"):
    """So many IPv4 addresses, one behind the other."""
    base = int.from_bytes(address(first), "big")
    return ((base + i).to_bytes(4, "big") for i in range(number))


def hwaddr(text):
    return bytes.fromhex(text.replace(":", ""))


class Errno(OSError):
    """An error answer, with the kernel's words."""

    def __init__(self, code, text):
        super().__init__(code, f"{os.strerror(code)}{': ' + text if text else ''}")
        self.text = text


class Family:
    """A generic netlink family on a socket of its own."""

    def __init__(self, name):
        self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16)
        self.socket.bind((0, 0))
        self.socket.setsockopt(270, 11, 1)   # SOL_NETLINK, NETLINK_EXT_ACK
        self.sequence = 0
        self.id, self.groups = CTRL, {}
        for _, payload in self.ask(3, attr(2, name.encode() + b"\0"), header=b"", version=1):   # CTRL_CMD_GETFAMILY
            for kind, data in attributes(payload):
                if kind == 1:
                    self.id = struct.unpack("=H", data)[0]
                elif kind == 7:   # CTRL_ATTR_MCAST_GROUPS
                    groups = [dict(attributes(group)) for _, group in attributes(data)]
                    self.groups = {group[1].rstrip(b"\0").decode(): struct.unpack("=I", group[2])[0] for group in groups}

    def join(self, group):
        """Notifications of the group come in on this socket, too."""
        self.socket.setsockopt(270, 1, self.groups[group])   # NETLINK_ADD_MEMBERSHIP

    @property
    def pid(self):
        return self.socket.getsockname()[0]

    def message(self, command, payload, flags=0, version=1):
        self.sequence += 1
        body = struct.pack("=BBH", command, version, 0) + payload
        return struct.pack("=IHHII", 16 + len(body), self.id, NLM_F_REQUEST | flags, self.sequence, 0) + body

    def ask(self, command, payload=b"", dp=0, flags=0, header=None, version=1):
        """Sends one request; the answers as (command, payload behind the family's header). Raises Errno."""
        self.socket.settimeout(20)
        head = struct.pack("=i", dp) if header is None else header
        dump = flags & NLM_F_DUMP == NLM_F_DUMP
        self.socket.send(self.message(command, head + payload, flags | (0 if dump else NLM_F_ACK), version))
        answers = []
        while True:
            data = self.socket.recv(1 << 17)
            while len(data) >= 16:
                length, kind, _, sequence, _ = struct.unpack_from("=IHHII", data)
                if sequence == self.sequence:
                    if kind == NLMSG_DONE:
                        return answers
                    if kind == NLMSG_ERROR:
                        self._raise(data[16:length])
                        return answers
                    answers.append((data[16], data[20 + len(head):length]))
                data = data[(length + 3) & ~3:]

    @staticmethod
    def _raise(body):
        code = -struct.unpack_from("=i", body)[0]
        if not code:
            return
        request = struct.unpack_from("=I", body, 4)[0]
        words = {kind: data for kind, data in attributes(body[4 + ((request + 3) & ~3):])}
        raise Errno(code, words.get(1, b"").rstrip(b"\0").decode())


# --- flows ----------------------------------------------------------------------------------------------------------

def key(port=1, recirc=0, type=0x0800, frag="no", proto=None, src=None, dst=None, tp=None, ct_state=None, zone=None, mark=None,
        label=None, lse=None, nsh_path=None, vlan=None, dp_hash=None, ethernet=True):
    """(key, mask): exact where a value is given. ct_state, dp_hash, mark, label: (value, mask). src, dst: an address, or
    address/mask. vlan: id, with what is inside given by the other words. ethernet: (source, destination) to match them."""
    pair = [b"", b""]

    def put(kind, value, mask=None):
        pair[0] += attr(kind, value)
        pair[1] += attr(kind, b"\xff" * len(value) if mask is None else mask)

    put(K["recirc_id"], u32(recirc))
    put(K["in_port"], u32(port))
    if dp_hash:
        put(K["dp_hash"], u32(dp_hash[0]), u32(dp_hash[1]))
    if ct_state:
        put(K["ct_state"], u32(ct_state[0]), u32(ct_state[1]))
    if zone is not None:
        put(K["ct_zone"], struct.pack("=H", zone))
    if mark:
        put(K["ct_mark"], u32(mark[0]), u32(mark[1]))
    if label:
        put(K["ct_labels"], *(value.to_bytes(16, "little") for value in label))
    if ethernet is True:
        put(K["ethernet"], bytes(12), bytes(12))
    elif ethernet:
        put(K["ethernet"], b"".join(map(hwaddr, ethernet)))
    inner = _above_ethernet(type, frag, proto, src, dst, tp, lse, nsh_path)
    if vlan is not None:
        put(K["eth_type"], be(0x8100, 2))
        put(K["vlan"], be(0x1000 | vlan, 2), be(0x1fff, 2))
        return tuple(one + nest(K["encap"], part) for one, part in zip(pair, inner))
    return pair[0] + inner[0], pair[1] + inner[1]


def _masked(text, size):
    """Value and mask of an address, or of address/mask."""
    value, _, mask = text.partition("/")
    return address(value), address(mask) if mask else b"\xff" * size


def _above_ethernet(type, frag, proto, src, dst, tp, lse, nsh_path):
    """Key and mask from the type on."""
    value, mask = attr(K["eth_type"], be(type, 2)), attr(K["eth_type"], b"\xff\xff")
    if type in (0x0800, 0x86dd):
        size = 4 if type == 0x0800 else 16
        middle = b"" if size == 4 else bytes(4)
        def ip(want):
            part = lambda text: _masked(text, size)[want == "mask"] if text else bytes(size)
            number = (proto if want == "value" else 0xff) if proto is not None else 0
            return part(src) + part(dst) + middle + bytes([number, 0, 0, FRAG[frag] if want == "value" else 0xff])
        kind = K["ipv4" if size == 4 else "ipv6"]
        value, mask = value + attr(kind, ip("value")), mask + attr(kind, ip("mask"))
        if tp:
            kind = K[{6: "tcp", 17: "udp", 132: "sctp"}[proto]]
            value, mask = value + attr(kind, be(tp[0], 2) + be(tp[1], 2)), mask + attr(kind, b"\xff" * 4)
            if proto == 6:
                value, mask = value + attr(K["tcp_flags"], bytes(2)), mask + attr(K["tcp_flags"], bytes(2))
    if lse is not None:
        value, mask = value + attr(K["mpls"], be(lse, 4)), mask + attr(K["mpls"], b"\xff" * 4)
    if nsh_path is not None:
        base = struct.pack("=BBBB", 0, 63, 1, 3) + be(nsh_path, 4)
        value += nest(K["nsh"], attr(1, base), attr(2, bytes(16)))
        mask += nest(K["nsh"], attr(1, b"\0\0\xff\xff" + b"\xff" * 4), attr(2, bytes(16)))
    return value, mask


class Flows(Family):
    """Flows of one datapath."""

    def __init__(self, dp_name):
        super().__init__("ovs_flow")
        self.dp = socket.if_nametoindex(dp_name)

    def put(self, match, *actions, flags=0):
        """A new flow, or other actions for the one that is there (with NLM_F_CREATE: an error then)."""
        self.ask(FLOW_NEW, nest(F["key"], match[0]) + nest(F["mask"], match[1]) + nest(F["actions"], *actions), self.dp, flags)

    def put_for_addresses(self, addresses, match, *actions, ufid=True):
        """A flow for each of many IPv4 addresses, without asking for answers: `match` and `actions` say ANY where the address
        stands. With `ufid` the flow is named as a daemon names its flows. Raises the first error that came back.
        """
        name = attr(F["ufid"], bytes(12) + address(ANY)) if ufid else b""
        flow = nest(F["key"], match[0]) + nest(F["mask"], match[1]) + nest(F["actions"], *actions) + name
        pieces = self.message(FLOW_NEW, struct.pack("=i", self.dp) + flow, NLM_F_CREATE).split(address(ANY))
        batch = []
        for one in addresses:
            batch.append(one.join(pieces))
            if len(batch) == 64:
                self.socket.send(b"".join(batch))
                batch = []
        if batch:
            self.socket.send(b"".join(batch))
        self._first_error()

    def _first_error(self):
        """Raises what the kernel answered to messages that asked for no answer."""
        self.socket.setblocking(False)
        try:
            data = self.socket.recv(1 << 17)
        except BlockingIOError:
            return
        self._raise(data[16:])

    def flush(self):
        self.ask(FLOW_DEL, b"", self.dp)

    def get(self, match):
        """The flow's attributes by number."""
        return dict(attributes(self.ask(FLOW_GET, nest(F["key"], match[0]), self.dp)[0][1]))

    def dump(self):
        return [dict(attributes(payload)) for _, payload in self.ask(FLOW_GET, b"", self.dp, NLM_F_DUMP)]


# --- actions ---------------------------------------------------------------------------------------------------------

def output(port):
    return attr(A["output"], u32(port))


def set_(kind, value, mask=None):
    if mask is None:
        return nest(A["set"], attr(K[kind], value))
    return nest(A["set_masked"], attr(K[kind], value + mask))


def push_vlan(vid, pcp=0, tpid=0x8100):
    return attr(A["push_vlan"], be(tpid, 2) + be(pcp << 13 | 0x1000 | vid, 2))


def pop_vlan():
    return attr(A["pop_vlan"])


def lse(label, tc=0, ttl=64, bottom=1):
    return label << 12 | tc << 9 | bottom << 8 | ttl


def push_mpls(entry, type=0x8847):
    return attr(A["push_mpls"], be(entry, 4) + be(type, 2) + bytes(2))


def add_mpls(entry, type=0x8847, at_l3=True):
    return attr(A["add_mpls"], be(entry, 4) + be(type, 2) + struct.pack("=H", at_l3))


def pop_mpls(type):
    return attr(A["pop_mpls"], be(type, 2))


def push_eth(src, dst):
    return attr(A["push_eth"], hwaddr(src) + hwaddr(dst))


def pop_eth():
    return attr(A["pop_eth"])


def push_nsh(path, np=3, ttl=63, context=(1, 2, 3, 4)):
    return nest(A["push_nsh"], nest(K["nsh"], attr(1, struct.pack("=BBBB", 0, ttl, 1, np) + be(path, 4)),
                                    attr(2, b"".join(be(word, 4) for word in context))))


def pop_nsh():
    return attr(A["pop_nsh"])


def recirc(number):
    return attr(A["recirc"], u32(number))


def hash_l4(basis=0):
    return attr(A["hash"], u32(0) + u32(basis))


def sample(probability, *actions):
    return nest(A["sample"], attr(1, u32(probability)), nest(2, *actions))


def clone(*actions):
    return nest(A["clone"], *actions)


def trunc(length):
    return attr(A["trunc"], u32(length))


def check_pkt_len(length, greater, less_or_equal):
    return nest(A["check_pkt_len"], attr(1, struct.pack("=H", length)), nest(2, *greater), nest(3, *less_or_equal))


def dec_ttl(*at_end):
    return nest(A["dec_ttl"], nest(1, *at_end))


def userspace(pid, data=None):
    return nest(A["userspace"], attr(1, u32(pid)), attr(2, data) if data is not None else b"")


def meter(number):
    return attr(A["meter"], u32(number))


def ct(commit=False, zone=None, mark=None, label=None, nat=None, helper=None, force=False):
    """mark, label: (value, mask). nat: the parts inside OVS_CT_ATTR_NAT."""
    parts = [attr(7 if force else 1)] if commit else []
    if zone is not None:
        parts.append(attr(2, struct.pack("=H", zone)))
    if mark:
        parts.append(attr(3, u32(mark[0]) + u32(mark[1])))
    if label:
        parts.append(attr(4, b"".join(value.to_bytes(16, "little") for value in label)))
    if helper:
        parts.append(attr(5, helper.encode() + b"\0"))
    if nat is not None:
        parts.append(nest(6, *nat))
    return nest(A["ct"], *parts)


def nat_src(low, high=None):
    return [attr(1), attr(3, address(low)), attr(4, address(high)) if high else b""]


def nat_dst(low, port=None):
    return [attr(2), attr(3, address(low)), attr(5, struct.pack("=H", port)) if port else b""]


def ct_clear():
    return attr(A["ct_clear"])


__all__ = [name for name in dir() if not name.startswith("_")] + ["errno"]
