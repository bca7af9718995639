#!/usr/bin/env python3
# What a review of the module found that a user or a packet could do to it: each was a fault once.
# programs: sysctl
# modules: turnout veth nsh
# deadline: 200

import socket
import struct

import datapath_actions
from datapath_actions import case, flow
from ovs_netlink import (A, Errno, F, FLOW_SET, Family, K, attr, be, key, nest, output, pop_eth, pop_nsh, set_, u32)
from packets import Wire, eth, ip4, nsh, udp
from switch_lab import TESTS, main, run

EBUSY, EINVAL = 16, 22
TESTS.clear()   # those of the file whose set-up this borrows
PACKET_VNET_HDR = 15


def refused(code, ask, *words):
    try:
        ask(*words)
    except Errno as error:
        assert error.errno == code, error
        return
    raise AssertionError("it was accepted")


@case
def an_internal_device_whose_index_is_taken_is_freed_once():
    """The device's statistics were freed twice, which the allocator of per-CPU memory does not notice at once."""
    family = Family("ovs_datapath")
    taken = socket.if_nametoindex("p1")
    for _ in range(100):
        refused(EBUSY, family.ask, 1, attr(1, b"other\0") + attr(2, u32(0)) + attr(9, u32(taken)))
    for number in range(20):
        family.ask(1, attr(1, f"other{number}\0".encode()) + attr(2, u32(0)))
    for number in range(20):
        run("ip", "link", "set", f"other{number}", "up")
        with open(f"/sys/class/net/other{number}/statistics/tx_packets") as count:
            assert int(count.read()) == 0
        family.ask(2, attr(1, f"other{number}\0".encode()))


@case
def a_frame_uncovered_by_pop_nsh_may_lie_outside_the_head():
    """Packets with pages (AF_PACKET makes them as its user asks) have their inner Ethernet header there."""
    run("ip", "link", "set", "p1", "mtu", "9000")
    run("ip", "-n", "a", "link", "set", "eth0", "mtu", "9000")
    run("ip", "link", "set", "dp", "mtu", "9000", "up")
    flow(key(type=0x894f, nsh_path=0x123ff), pop_eth(), pop_nsh(), output(0))
    inner = eth(ip4(udp(payload=bytes(5000))))
    wire, host = Wire("a", "eth0"), socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    wire.socket.setsockopt(263, PACKET_VNET_HDR, 1)
    host.bind(("dp", 3))
    host.settimeout(20)
    for outer in (eth(nsh(inner, np=3), kind=0x894f), eth(nsh(inner[:7], np=3), kind=0x894f), eth(nsh(b"", np=3), kind=0x894f)):
        # flags, GSO type, length of what is to be linear, ...
        wire.socket.send(struct.pack("=BBHHHH", 0, 0, min(14 + 24, len(outer)), 0, 0, 0) + outer)
    wire.socket.send(bytes(10) + eth(nsh(eth(ip4(udp(payload=b"last"))), np=3), kind=0x894f))
    assert host.recv(1 << 16) == inner
    assert b"last" in host.recv(1 << 16)


@case
def actions_that_grow_when_they_are_dumped_leave_room_for_the_packet():
    """An upcall with the actions of its list: the message was sized by the request, and the packet did not fit in."""
    family, listener = Family("ovs_packet"), Family("ovs_packet")
    Family("ovs_datapath").ask(4, attr(1, b"dp\0") + attr(5, u32(1)))   # OVS_DP_F_UNALIGNED
    # An identifier may need padding, and VXLAN's options without extension are told with one.
    tunnel = nest(A["set"], nest(K["tunnel"], attr(0, bytes(8)), attr(2, bytes([10, 0, 0, 1])), attr(4, b"\x40"), attr(11)))
    up = nest(A["userspace"], attr(1, u32(listener.pid)), attr(4))
    frame = eth(ip4(udp(payload=bytes(1000))))
    listener.socket.settimeout(20)
    for count in (1, 100, *range(600, 800, 8)):   # near a power of two no slack is left in the buffer
        family.ask(3, attr(1, frame) + nest(2, attr(K["in_port"], u32(1))) + nest(3, tunnel * count, up),
                   socket.if_nametoindex("dp"))
        assert frame in listener.socket.recv(1 << 17), count
    Family("ovs_datapath").ask(4, attr(1, b"dp\0") + attr(5, u32(3)))


@case
def new_actions_have_to_fit_the_flow_that_they_are_for():
    """Whatever key and mask the request gives beside the flow's identifier."""
    ufid = attr(F["ufid"], bytes(range(16)))
    arp = b"".join((attr(K["recirc_id"], u32(0)), attr(K["in_port"], u32(1)), attr(K["ethernet"], bytes(12)),
                    attr(K["eth_type"], be(0x0806, 2)), attr(K["arp"], bytes(24))))
    mask = b"".join((attr(K["recirc_id"], u32(0xffffffff)), attr(K["in_port"], u32(0xffffffff)), attr(K["eth_type"], b"\xff\xff")))
    family, dp = datapath_actions.flows, socket.if_nametoindex("dp")
    match = key(proto=17, tp=(1000, 2000))
    change = nest(F["actions"], set_("udp", bytes(4), b"\xff" * 4), output(2))
    other = nest(F["key"], match[0]) + nest(F["mask"], match[1])
    family.ask(1, nest(F["key"], arp) + nest(F["mask"], mask) + nest(F["actions"], output(2)) + ufid, dp)
    refused(EINVAL, family.ask, FLOW_SET, other + change + ufid, dp)
    family.ask(FLOW_SET, other + nest(F["actions"], output(3)) + ufid, dp)
    # A flow known by its key: a request without mask is exact, the flow is not.
    wide = key()
    family.put(wide, output(2))
    exact = nest(F["key"], wide[0])
    refused(EINVAL, family.ask, FLOW_SET, exact + change, dp)
    family.ask(FLOW_SET, exact + nest(F["actions"], output(3)), dp)


@case
def ports_are_set_only_where_the_protocol_is_matched_whole():
    match = key(proto=17, tp=(1000, 2000))
    ip = lambda proto: attr(K["ipv4"], bytes(8) + bytes([proto, 0, 0, 0]))
    mask = attr(K["in_port"], u32(0xffffffff)) + attr(K["eth_type"], b"\xff\xff")
    ask = lambda proto, *actions: datapath_actions.flows.ask(
        1, nest(F["key"], match[0]) + nest(F["mask"], mask, ip(proto)) + nest(F["actions"], *actions), socket.if_nametoindex("dp"))
    refused(EINVAL, ask, 0x11, set_("udp", bytes(4), b"\xff" * 4))
    ask(0xff, set_("udp", bytes(4), b"\xff" * 4))


main()
