"""Frames as bytes: built with right checksums, sent and captured on devices of a namespace.

A builder takes its payload last and returns bytes, so that frames nest as they look: eth(ip4(udp(b"..."))).
"""
import ipaddress
import select
import socket
import struct
import time

from namespace import inside

MAC_A, MAC_B = "02:00:00:00:00:0a", "02:00:00:00:00:0b"
IP_A, IP_B = "10.0.0.1", "10.0.0.2"
IP6_A, IP6_B = "fd00::1", "fd00::2"
ICMP, TCP, UDP, ICMP6, SCTP = 1, 6, 17, 58, 132
PACKET_AUXDATA, ETH_P_ALL, PACKET_OUTGOING = 8, 3, 4


def mac(text):
    return bytes.fromhex(text.replace(":", ""))


def address(text):
    return ipaddress.ip_address(text).packed


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


class L4:
    """A transport header whose checksum is known only with the addresses around it."""

    def __init__(self, proto, header, at, payload, zero_checksum=False):
        self.proto, self.header, self.at, self.payload, self.zero = proto, header, at, payload, zero_checksum

    def bytes(self, src, dst):
        data = self.header + self.payload
        if self.zero:
            return data
        pseudo = b"" if self.proto == ICMP else address(src) + address(dst) + struct.pack("!II", len(data), self.proto)
        value = checksum(pseudo + data)
        if self.proto == UDP and value == 0:
            value = 0xffff
        return data[:self.at] + struct.pack("!H", value) + data[self.at + 2:]


def udp(src=1000, dst=2000, payload=b"payload of a packet", zero_checksum=False):
    return L4(UDP, struct.pack("!HHHH", src, dst, 8 + len(payload), 0), 6, payload, zero_checksum)


def tcp(src=1000, dst=2000, payload=b"payload of a packet", flags=0x10):
    return L4(TCP, struct.pack("!HHIIBBHHH", src, dst, 1, 1, 0x50, flags, 1000, 0, 0), 16, payload)


def icmp(kind=8, code=0, payload=b"\0\1\0\1payload of a packet"):
    return L4(ICMP, struct.pack("!BBH", kind, code, 0), 2, payload)


def icmp6(kind=128, code=0, payload=b"\0\1\0\1payload of a packet"):
    return L4(ICMP6, struct.pack("!BBH", kind, code, 0), 2, payload)


class Sctp:
    proto = SCTP

    def __init__(self, src=1000, dst=2000, payload=bytes(20)):
        self.src, self.dst, self.payload = src, dst, payload

    def bytes(self, src, dst):
        data = struct.pack("!HHI", self.src, self.dst, 7) + bytes(4) + self.payload
        return data[:8] + struct.pack("<I", crc32c(data)) + data[12:]


def crc32c(data):
    """RFC 9260 appendix A."""
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82f63b78 if crc & 1 else 0)
    return crc ^ 0xffffffff


def ip4(l4, src=IP_A, dst=IP_B, ttl=64, tos=0, ident=1, frag=0x4000):
    data = l4 if isinstance(l4, bytes) else l4.bytes(src, dst)
    proto = UDP if isinstance(l4, bytes) else l4.proto
    head = struct.pack("!BBHHHBBH", 0x45, tos, 20 + len(data), ident, frag, ttl, proto, 0) + address(src) + address(dst)
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + data


def ip6(l4, src=IP6_A, dst=IP6_B, hops=64, tclass=0, label=0):
    data = l4.bytes(src, dst)
    return struct.pack("!IHBB", 6 << 28 | tclass << 20 | label, len(data), l4.proto, hops) + address(src) + address(dst) + data


def eth(payload, src=MAC_A, dst=MAC_B, kind=None):
    if kind is None:
        kind = 0x86dd if payload[0] >> 4 == 6 else 0x0800
    return mac(dst) + mac(src) + struct.pack("!H", kind) + payload


def tag(frame, vid, pcp=0, tpid=0x8100):
    """The frame with one more outermost tag."""
    return frame[:12] + struct.pack("!HH", tpid, pcp << 13 | vid) + frame[12:]


def mpls(payload, label=100, tc=0, ttl=64, bottom=1):
    return struct.pack("!I", label << 12 | tc << 9 | bottom << 8 | ttl) + payload


def nsh(payload, spi=0x123, si=255, np=1, ttl=63, flags=0, context=(1, 2, 3, 4)):
    return struct.pack("!HBBI4I", flags << 12 | ttl << 6 | 6, 1, np, spi << 8 | si, *context) + payload


def ip4_fragments(packet, size):
    """An IPv4 packet in fragments of at most `size` bytes of payload."""
    head, data = packet[:20], packet[20:]
    out = []
    for at in range(0, len(data), size):
        part = data[at:at + size]
        more = 0x2000 if at + size < len(data) else 0
        new = head[:2] + struct.pack("!H", 20 + len(part)) + head[4:6] + struct.pack("!H", more | at // 8) + head[8:10]
        new += b"\0\0" + head[12:]
        out.append(new[:10] + struct.pack("!H", checksum(new)) + new[12:] + part)
    return out


class Wire:
    """A packet socket on one device: what it sends enters there, what arrives there it captures."""

    def __init__(self, ns, device):
        with inside(ns):
            self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.socket.setsockopt(263, PACKET_AUXDATA, 1)   # SOL_PACKET
        self.socket.bind((device, ETH_P_ALL))

    def send(self, frame):
        self.socket.send(frame)

    def receive(self, seconds=5.0):
        """The next frame that arrives, with its tag put back; None when none does."""
        deadline = time.monotonic() + seconds
        while True:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.socket], [], [], left)[0]:
                return None
            frame, aux, _, source = self.socket.recvmsg(1 << 16, 256)
            if source[2] != PACKET_OUTGOING:
                return self._with_tag(frame, aux)

    def sees(self, frame, seconds):
        """Does this frame arrive, behind however many others?"""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            if self.receive(left) == frame:
                return True
        return False

    @staticmethod
    def _with_tag(frame, aux):
        for level, kind, data in aux:
            if (level, kind) == (263, PACKET_AUXDATA):
                status, _, _, _, _, tci, tpid = struct.unpack("=IIIHHHH", data[:20])
                if status & 0x10:   # TP_STATUS_VLAN_VALID
                    tpid = tpid if status & 0x40 else 0x8100
                    return frame[:12] + struct.pack("!HH", tpid, tci) + frame[12:]
        return frame

    def drain(self):
        while self.receive(0):
            pass
