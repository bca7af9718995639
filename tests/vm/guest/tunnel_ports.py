"""Tunnel ports of our daemon on a kernel datapath: plain Linux and another switch at the far end, and what stands outside
the packets. One source for either module.
"""
import socket
import struct

import switch_lab
from kernel_function import KernelFunction
from namespace import inside
from packets import Wire, eth, ip4, udp
from switch_lab import wait_for
from traffic import in_ns, tcp, with_switch
from tunnel_lab import FAR, NEAR, add_tunnel, ip, linux_end, mac_of, small_host, wire_of
from tunnels import tunnel


def meets_linux(s, kind, options, linux, family=4):
    with wire_of(s) as far:
        add_tunnel(s, "tun0", kind, f'remote_ip="{FAR[family]}"', f'local_ip="{NEAR[family]}"', *options)
        linux_end(far, *linux, "local", FAR[family])
        a = small_host(s, "a", "10.1.1.1/24")
        s.pings(a, "10.1.1.9")
        assert tcp(far, a, "10.1.1.9", 1_000_000) == 1_000_000
        assert tcp(a, far, "10.1.1.1", 1_000_000) == 1_000_000


@with_switch
def vxlan_to_plain_linux(s):
    meets_linux(s, "vxlan", ["key=5"], ["vxlan", "id", "5", "remote", NEAR[4], "dstport", "4789"])


@with_switch
def vxlan_over_ipv6_to_plain_linux_that_demands_checksums(s):
    meets_linux(s, "vxlan", ["key=5"], ["vxlan", "id", "5", "remote", NEAR[6], "dstport", "4789"], family=6)


@with_switch
def geneve_to_plain_linux(s):
    with wire_of(s) as far:
        add_tunnel(s, "tun0", "geneve", f"remote_ip={FAR[4]}", "key=6", "csum=true")
        linux_end(far, "geneve", "id", "6", "remote", NEAR[4])
        a = small_host(s, "a", "10.1.1.1/24")
        s.pings(a, "10.1.1.9")
        assert tcp(far, a, "10.1.1.9", 1_000_000) == 1_000_000


@with_switch
def gre_to_plain_linux(s):
    meets_linux(s, "gre", ["key=8"], ["gretap", "key", "8", "remote", NEAR[4]])


@with_switch
def gre_over_ipv6_to_plain_linux(s):
    meets_linux(s, "ip6gre", ["key=8"], ["ip6gretap", "key", "8", "encaplimit", "none", "remote", NEAR[6]], family=6)


@with_switch
def erspan_to_plain_linux(s):
    meets_linux(s, "erspan", ["key=9", "erspan_ver=1", "erspan_idx=3"],
                ["erspan", "seq", "key", "9", "erspan_ver", "1", "erspan", "3", "remote", NEAR[4]])


@with_switch
def erspan_version_2_over_ipv6_to_another_switch(s):
    tunnel(s, "ip6erspan", "options:key=9", "options:erspan_ver=2", "options:erspan_dir=1", "options:erspan_hwid=4", family=6)


@with_switch
def group_policy_vxlan_to_another_switch(s):
    tunnel(s, "vxlan", "options:key=5", "options:exts=gbp", "options:dst_port=4800")


@with_switch
def a_tunnel_to_debians_switch(s):
    theirs = {"ovs-vswitchd", "ovs-vsctl", "ovs-appctl"} - switch_lab.REFERENCE
    switch_lab.REFERENCE.update(theirs)
    try:
        tunnel(s, "vxlan", "options:key=5")
    finally:
        switch_lab.REFERENCE.difference_update(theirs)


@with_switch
def vlans_pass_inside_a_tunnel(s):
    with wire_of(s) as far:
        add_tunnel(s, "tun0", "vxlan", f"remote_ip={FAR[4]}", "key=5")
        linux_end(far, "vxlan", "id", "5", "remote", NEAR[4], "dstport", "4789")
        ip(far, "link", "add", "link", "tun", "name", "tun.10", "type", "vlan", "id", "10")
        ip(far, "addr", "add", "10.2.2.9/24", "dev", "tun.10")
        ip(far, "link", "set", "tun.10", "up")
        a, b = small_host(s, "a", "10.2.2.1/24", "tag=10"), small_host(s, "b", "10.2.2.2/24", "tag=20")
        s.pings(a, "10.2.2.9")
        assert tcp(far, a, "10.2.2.9", 500_000) == 500_000
        assert not s.ping(b, "10.2.2.9", 1)


def far_end_of_the_wire(far):
    with inside(far):
        raw = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800))
    raw.settimeout(30)
    return raw


def read_outside(raw):
    """Of the next packet of VXLAN: ToS, "don't fragment", TTL, whether it has a UDP checksum, and the key."""
    while True:
        packet = raw.recv(2000)
        if packet[9] != 17 or struct.unpack("!H", packet[22:24])[0] != 4789:
            continue
        head = 4 * (packet[0] & 15)
        checksum, = struct.unpack("!H", packet[head + 6:head + 8])
        vni = int.from_bytes(packet[head + 12:head + 15], "big")
        return packet[1], packet[6] & 0x40 != 0, packet[8], checksum != 0, vni


@with_switch
def options_show_outside(s):
    with wire_of(s) as far:
        add_tunnel(s, "tun0", "vxlan", f"remote_ip={FAR[4]}", "key=5")
        linux_end(far, "vxlan", "id", "5", "remote", NEAR[4], "dstport", "4789")
        a = small_host(s, "a", "10.1.1.1/24")
        s.pings(a, "10.1.1.9")
        for options, tos, expected in (((), 0, (0, True, 64, False, 5)),
                                       (("tos=inherit", "ttl=inherit"), 0x20, (0x20, True, 64, False, 5)),
                                       (("tos=0x40", "ttl=9", "df_default=false", "csum=true"), 0x22, (0x42, False, 9, True, 5)),
                                       ((), 0x3, (0x2, True, 64, False, 5))):
            s.vsctl("clear", "interface", "tun0", "options", "--", "set", "interface", "tun0", f"options:remote_ip={FAR[4]}",
                    "options:key=5", *(f"options:{o}" for o in options))
            raw = far_end_of_the_wire(far)
            in_ns(a, "ping", "-q", "-c", "1", "-W", "5", "-Q", tos, "10.1.1.9")
            # A neighbour may be asked for, too; the answers from the far end are seen as well.
            seen = set()
            wait_for(f"{expected} outside", lambda: expected in seen or seen.add(read_outside(raw)))
            raw.close()


@with_switch
def the_egress_mark_chooses_the_way_outside(s):
    with wire_of(s) as far:
        ip(s.ns, "link", "add", "side", "type", "veth", "peer", "name", "side", "netns", far)
        for end in (s.ns, far):
            ip(end, "link", "set", "side", "up")
        ip(s.ns, "rule", "add", "fwmark", "7", "table", "7")
        ip(s.ns, "route", "add", FAR[4], "dev", "side", "src", NEAR[4], "table", "7")
        ip(s.ns, "neigh", "add", FAR[4], "lladdr", mac_of(far, "side"), "dev", "side")
        try:
            linux_end(far, "vxlan", "id", "5", "remote", NEAR[4], "dstport", "4789")
            a, b = small_host(s, "a", "10.1.1.1/24"), small_host(s, "b", "10.1.1.2/24")
            for options, way in ((("egress_pkt_mark=7",), "side"), ((), "wire")):
                s.vsctl("--if-exists", "del-port", "tun0")
                add_tunnel(s, "tun0", "vxlan", f"remote_ip={FAR[4]}", "key=5", *options)
                outside = Wire(far, way)
                s.pings(a, "10.1.1.9")
                wait_for(f"VXLAN on {way}", lambda: (got := outside.receive(5)) and len(got) > 38 and got[36:38] == b"\x12\xb5")
            s.pings(a, "10.1.1.2")
            assert s.ping(b, "10.1.1.1", 2)
        finally:
            ip(s.ns, "rule", "del", "fwmark", "7", "table", "7")
            ip(s.ns, "link", "del", "side")


@with_switch
def what_a_later_port_sends_is_not_copied_to_make_room(s):
    if not KernelFunction.can_count():
        return                                  # this kernel has no probes
    with wire_of(s) as far:
        add_tunnel(s, "tun0", "vxlan", f"remote_ip={FAR[4]}", "key=5")
        linux_end(far, "vxlan", "id", "5", "remote", NEAR[4], "dstport", "4789")
        a = small_host(s, "a", "10.1.1.1/24")
        s.pings(a, "10.1.1.9")
        with KernelFunction("pskb_expand_head") as copies:
            in_ns(a, "ping", "-q", "-c", "40", "-i", "0.01", "10.1.1.9")
            assert copies.calls() < 20, copies.calls()


@with_switch
def congestion_outside_arrives_inside_or_drops_what_cannot_say_it(s):
    with wire_of(s) as far:
        for name, kind in (("tun0", "vxlan"), ("tun1", "geneve"), ("tun2", "gre")):
            add_tunnel(s, name, kind, f"remote_ip={FAR[4]}", "key=5")
        a = small_host(s, "a", None)
        wait_for("the far end", lambda: s.ping(s.ns, FAR[4], 1))
        wire, host, to = Wire(far, "wire"), Wire(a, "eth0"), mac_of(s.ns, "wire")
        for header, wrap in ((struct.pack("!II", 0x08000000, 5 << 8), lambda data: udp(1000, 4789, data)),
                             (struct.pack("!II", 0x6558, 5 << 8), lambda data: udp(1000, 6081, data)),
                             (struct.pack("!HHI", 0x2000, 0x6558, 5), Gre)):
            for inside_tos, expected in ((1, 3), (2, 3), (3, 3), (0, None)):
                frame = eth(ip4(udp(1, 2), tos=inside_tos), dst=mac_of(a, "eth0"))
                outer = ip4(wrap(header + frame), src=FAR[4], dst=NEAR[4], tos=3)

                def arrived():
                    host.drain()
                    wire.send(eth(outer, src=mac_of(far, "wire"), dst=to))
                    while (got := host.receive(0.3 if expected is None else 2)) is not None:
                        if got[12:14] == b"\x08\x00" and got[6:12] == frame[6:12]:
                            return got[15] & 3
                    return None
                if expected is None:
                    assert arrived() is None
                else:
                    wait_for(f"ECN {expected}", lambda: arrived() == expected)


class Gre:
    """Carried as it stands: GRE has no checksum here."""
    proto = 47

    def __init__(self, payload):
        self.payload = payload

    def bytes(self, src, dst):
        return self.payload
