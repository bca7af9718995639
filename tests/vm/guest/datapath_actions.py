"""Every action of the kernel interface on real packets: flows put in over netlink, no daemon.

Ports 1, 2 and 3 of datapath "dp" are veths whose far ends are in namespaces a, b and c. A case is a frame that enters at
a and what must leave at b and c.
"""
import os
import socket

from ovs_netlink import (Errno, Family, Flows, K, add_mpls, address, attr, attributes, be, check_pkt_len, clone, ct, ct_clear,
                         dec_ttl, hash_l4, hwaddr, key, lse, nat_dst, nat_src, nest, output, pop_eth, pop_mpls, pop_nsh, pop_vlan, push_eth, push_mpls, push_nsh,
                         push_vlan, recirc, sample, set_, trunc, u32, userspace)
from packets import (IP_A, IP_B, MAC_A, MAC_B, Sctp, Wire, eth, icmp, icmp6, ip4, ip4_fragments, ip6, mpls, nsh, tag, tcp, udp)
from switch_lab import run, test

NEW, ESTABLISHED, REPLY, INVALID, TRACKED, SNAT, DNAT = 1, 2, 8, 16, 32, 64, 128
QUIET = 0.2   # seconds in which a frame that must not come would have come
X, Y = "02:11:11:11:11:11", "02:22:22:22:22:22"
wires, flows = {}, None


def set_up():
    global flows
    run("sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1")
    # Upcalls go to the sockets that ports and actions name, not per CPU.
    Family("ovs_datapath").ask(1, attr(1, b"dp\0") + attr(2, u32(0)) + attr(5, u32(3)))
    for number, ns in enumerate("abc", 1):
        run("ip", "netns", "add", ns)
        run("ip", "netns", "exec", ns, "sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1")
        run("ip", "link", "add", f"p{number}", "type", "veth", "peer", "name", "eth0", "netns", ns)
        run("ip", "link", "set", f"p{number}", "up")
        run("ip", "-n", ns, "link", "set", "eth0", "up")
        port = attr(1, u32(number)) + attr(2, u32(1)) + attr(3, f"p{number}\0".encode()) + attr(5, u32(0))
        Family("ovs_vport").ask(1, port, socket.if_nametoindex("dp"))
        wires[ns] = Wire(ns, "eth0")
    flows = Flows("dp")


def flow(match, *actions):
    flows.put(match, *actions)


def expect(frame, at_b=(), at_c=()):
    """Sends the frame from a; exactly these frames must arrive."""
    frames = frame if isinstance(frame, list) else [frame]
    for one in frames:
        wires["a"].send(one)
    for ns, wanted in (("b", at_b), ("c", at_c)):
        for want in [wanted] if isinstance(wanted, bytes) else wanted:
            got = wires[ns].receive()
            assert got is not None, f"nothing arrived at {ns}; expected {want.hex()}"
            assert got[:len(want)] == want and not got[len(want):].strip(b"\0"), \
                f"at {ns}\nexpected {want.hex()}\ngot      {got.hex()}"
    for ns in "bc":
        got = wires[ns].receive(QUIET)
        assert got is None, f"one too many at {ns}: {got.hex()}"


def case(function):
    def wrapped():
        if not wires:
            set_up()
        flows.flush()
        for wire in wires.values():
            wire.drain()
        function()
    wrapped.__name__ = function.__name__
    return test(wrapped)


def ipv4(src=None, dst=None, tos=None, ttl=None):
    """A masked set of the fields given."""
    full = lambda given, size: b"\xff" * size if given is not None else bytes(size)
    value = (address(src) if src else bytes(4)) + (address(dst) if dst else bytes(4)) + bytes([0, tos or 0, ttl or 0, 0])
    return set_("ipv4", value, full(src, 4) + full(dst, 4) + b"\0" + full(tos, 1) + full(ttl, 1) + b"\0")


def ipv6(src=None, dst=None, label=None, tclass=None, hops=None):
    full = lambda given, size: b"\xff" * size if given is not None else bytes(size)
    value = (address(src) if src else bytes(16)) + (address(dst) if dst else bytes(16)) + be(label or 0, 4)
    mask = full(src, 16) + full(dst, 16) + (be(0xfffff, 4) if label is not None else bytes(4))
    return set_("ipv6", value + bytes([0, tclass or 0, hops or 0, 0]), mask + b"\0" + full(tclass, 1) + full(hops, 1) + b"\0")


def ethernet(src, dst):
    return set_("ethernet", hwaddr(src) + hwaddr(dst))


def ports(src, dst):
    return be(src, 2) + be(dst, 2)


IP, IP6 = key(), key(type=0x86dd)


@case
def output_to_one_port_and_to_two():
    frame = eth(ip4(udp()))
    flow(IP, output(2))
    expect(frame, frame)
    flow(IP, output(3), output(2))
    expect(frame, frame, frame)


@case
def an_empty_list_drops():
    flow(IP)
    expect(eth(ip4(udp())))


@case
def a_flow_counts_its_packets():
    flow(IP, output(2))
    frame = eth(ip4(udp()))
    for _ in range(5):
        expect(frame, frame)
    packets = int.from_bytes(flows.get(IP)[3][:8], "little")
    assert packets == 5, packets


@case
def set_ethernet():
    flow(IP, ethernet(X, Y), output(2))
    expect(eth(ip4(udp())), eth(ip4(udp()), X, Y))


@case
def set_ethernet_under_a_mask():
    flow(IP, set_("ethernet", hwaddr("00:00:00:00:00:00") + hwaddr("00:00:00:00:aa:00"), bytes(10) + b"\xff\0"), output(2))
    expect(eth(ip4(udp())), eth(ip4(udp()), dst="02:00:00:00:aa:0b"))


def every_l4(match, build, actions, changed, l4s):
    flow(match, *actions)
    for l4 in l4s:
        expect(eth(build(l4)), eth(changed(l4)))


@case
def set_ipv4_addresses_with_every_checksum():
    every_l4(IP, ip4, [ipv4("10.9.8.7", "10.6.5.4"), output(2)], lambda l4: ip4(l4, "10.9.8.7", "10.6.5.4"),
             [udp(), tcp(), icmp(), udp(zero_checksum=True), Sctp()])


@case
def set_ipv4_address_under_a_mask():
    flow(IP, set_("ipv4", address("10.7.0.0") + bytes(8), b"\xff\xff" + bytes(10)), output(2))
    expect(eth(ip4(udp())), eth(ip4(udp(), "10.7.0.1")))


@case
def set_ipv4_tos_and_ttl():
    flow(IP, ipv4(tos=0x4b, ttl=9), output(2))
    expect(eth(ip4(udp(), tos=3)), eth(ip4(udp(), tos=0x4b, ttl=9)))


@case
def set_ipv4_address_of_a_later_fragment_leaves_its_payload():
    late = [ip4_fragments(ip4(udp(payload=bytes(range(200))), src), 96)[1] for src in (IP_A, "10.9.8.7")]
    flow(key(frag="later"), ipv4(src="10.9.8.7"), output(2))
    expect(eth(late[0]), eth(late[1]))


@case
def set_ipv6_addresses_with_every_checksum():
    every_l4(IP6, ip6, [ipv6("fd00::aa", "fd00::bb"), output(2)], lambda l4: ip6(l4, "fd00::aa", "fd00::bb"),
             [udp(), tcp(), icmp6()])


@case
def set_ipv6_label_class_and_hops():
    flow(IP6, ipv6(label=0x12345, tclass=0x60, hops=3), output(2))
    expect(eth(ip6(udp())), eth(ip6(udp(), hops=3, tclass=0x60, label=0x12345)))


@case
def set_ports_of_every_protocol():
    for name, build in (("tcp", tcp), ("udp", udp), ("sctp", Sctp)):
        for type_, ip in ((0x0800, ip4), (0x86dd, ip6)):
            if type_ == 0x86dd and build is Sctp:
                continue
            flow(key(type=type_, proto=build().proto, tp=(1000, 2000)), set_(name, ports(4000, 5000)), output(2))
            expect(eth(ip(build())), eth(ip(build(4000, 5000))))


@case
def set_port_under_a_mask():
    flow(key(proto=6, tp=(1000, 2000)), set_("tcp", ports(0, 0x1400), ports(0, 0xff00)), output(2))
    expect(eth(ip4(tcp())), eth(ip4(tcp(dst=0x14d0))))


@case
def set_udp_port_without_checksum():
    flow(key(proto=17, tp=(1000, 2000)), set_("udp", ports(1000, 53)), output(2))
    expect(eth(ip4(udp(zero_checksum=True))), eth(ip4(udp(dst=53, zero_checksum=True))))


@case
def push_and_pop_vlan():
    plain = eth(ip4(udp()))
    flow(IP, push_vlan(10, 3), output(2))
    expect(plain, tag(plain, 10, 3))
    flow(key(vlan=20), pop_vlan(), output(2))
    expect(tag(plain, 20, 5), plain)


@case
def push_two_vlans_and_pop_one():
    plain = eth(ip4(udp()))
    flow(IP, push_vlan(10), push_vlan(20, 1, 0x88a8), output(2), pop_vlan(), output(3))
    expect(plain, tag(tag(plain, 10), 20, 1, 0x88a8), tag(plain, 10))


@case
def push_vlan_then_set_ipv4():
    plain = eth(ip4(tcp()))
    flow(IP, push_vlan(10), ipv4(dst="10.6.5.4"), output(2))
    expect(plain, tag(eth(ip4(tcp(), dst="10.6.5.4")), 10))


@case
def push_set_and_pop_mpls():
    packet = ip4(udp())
    labelled = key(type=0x8847, lse=lse(100))
    flow(IP, push_mpls(lse(7, 2, 33)), output(2))
    expect(eth(packet), eth(mpls(packet, 7, 2, 33), kind=0x8847))
    flow(labelled, set_("mpls", be(lse(9, 1, 8), 4)), output(2))
    expect(eth(mpls(packet), kind=0x8847), eth(mpls(packet, 9, 1, 8), kind=0x8847))
    flow(labelled, pop_mpls(0x0800), output(2))
    expect(eth(mpls(packet), kind=0x8847), eth(packet))


@case
def a_popped_mpls_packet_recirculates_as_ip():
    packet = ip4(udp())
    flow(key(type=0x8847, lse=lse(100)), pop_mpls(0x0800), recirc(5))
    flow(key(recirc=5), ipv4(src="10.9.8.7"), output(2))
    expect(eth(mpls(packet), kind=0x8847), eth(ip4(udp(), "10.9.8.7")))


@case
def add_mpls_behind_the_ethernet_header():
    packet = ip4(udp())
    flow(IP, add_mpls(lse(7, 2, 33)), output(2))
    expect(eth(packet), eth(mpls(packet, 7, 2, 33), kind=0x8847))


@case
def add_mpls_before_the_frame():
    frame = eth(ip4(udp()))
    flow(IP, add_mpls(lse(7, 2, 33), at_l3=False), push_eth(X, Y), output(2))
    expect(frame, eth(mpls(frame, 7, 2, 33), X, Y, 0x8847))


@case
def pop_and_push_ethernet():
    flow(IP, pop_eth(), push_eth(X, Y), output(2))
    expect(eth(ip4(udp())), eth(ip4(udp()), X, Y))


@case
def push_and_pop_nsh():
    frame = eth(ip4(udp()))
    wrapped = eth(nsh(frame, np=3), X, Y, 0x894f)
    flow(IP, push_nsh(0x123ff), push_eth(X, Y), output(2))
    expect(frame, wrapped)
    flow(key(type=0x894f, nsh_path=0x123ff), pop_eth(), pop_nsh(), recirc(6))
    flow(key(recirc=6), output(2))
    expect(wrapped, frame)


@case
def a_tagged_frame_keeps_its_tag_inside_nsh():
    if not os.path.exists("/sys/module/turnout"):
        return   # the stock module drops it
    frame = tag(eth(ip4(udp())), 20)
    flow(key(vlan=20), push_nsh(0x123ff), push_eth(X, Y), output(2))
    expect(frame, eth(nsh(frame, np=3), X, Y, 0x894f))


@case
def recirculation_matches_what_was_set():
    flow(IP, ipv4(src="10.9.8.7"), recirc(1))
    flow(key(recirc=1, src="10.9.8.7"), output(2))
    expect(eth(ip4(udp())), eth(ip4(udp(), "10.9.8.7")))


@case
def recirculation_in_a_circle_ends():
    flow(IP, recirc(9))
    flow(key(recirc=9), output(2), recirc(9))
    wires["a"].send(eth(ip4(udp())))
    count = 0
    while wires["b"].receive(QUIET):
        count += 1
    assert 1 <= count < 1000, count


@case
def hash_sets_dp_hash_to_what_is_never_zero():
    flow(IP, hash_l4(), recirc(2))
    for bit in (0, 1):
        flow(key(recirc=2, dp_hash=(bit, 1)), output(2))
    expect(eth(ip4(udp())), eth(ip4(udp())))
    flows.flush()
    flow(IP, hash_l4(), recirc(2))
    flow(key(recirc=2, dp_hash=(0, 0xffffffff)), output(2))
    expect(eth(ip4(udp())))


@case
def sample_all_or_nothing():
    frame = eth(ip4(udp()))
    flow(IP, sample(0xffffffff, ethernet(X, Y), output(3)), output(2))
    expect(frame, frame, eth(ip4(udp()), X, Y))
    flow(IP, sample(0, output(3)), output(2))
    expect(frame, frame)


@case
def clone_does_not_change_the_original():
    frame = eth(ip4(udp()))
    flow(IP, clone(ipv4(src="10.9.8.7"), push_vlan(9), output(3)), output(2))
    expect(frame, frame, tag(eth(ip4(udp(), "10.9.8.7")), 9))


@case
def clones_in_clones():
    frame = eth(ip4(udp()))
    nested = [output(3)]
    for ttl in range(9, 0, -1):
        nested = [ipv4(ttl=ttl), clone(*nested), output(3)]
    flow(IP, clone(*nested), output(2))
    wires["a"].send(frame)
    ttls = sorted(wires["c"].receive()[22] for _ in range(10))
    assert ttls == [1, 2, 3, 4, 5, 6, 7, 8, 9, 9], ttls
    assert wires["b"].receive() == frame


@case
def trunc_cuts_the_next_output_only():
    frame = eth(ip4(udp(payload=bytes(range(200)))))
    flow(IP, trunc(100), output(3), output(2))
    expect(frame, frame, frame[:100])


@case
def check_pkt_len_counts_the_ethernet_header_and_its_limit_fits():
    flow(IP, check_pkt_len(200, [output(3)], [output(2)]))
    for size in (100, 199, 200):
        frame = eth(ip4(udp(payload=bytes([1] * (size - 42)))))
        expect(frame, frame)
    frame = eth(ip4(udp(payload=bytes([1] * 159))))
    expect(frame, (), frame)


@case
def dec_ttl_and_what_happens_when_it_ends():
    flow(IP, dec_ttl(output(3)), output(2))
    expect(eth(ip4(tcp(), ttl=7)), eth(ip4(tcp(), ttl=6)))
    expect(eth(ip4(tcp(), ttl=1)), (), eth(ip4(tcp(), ttl=1)))
    flow(IP6, dec_ttl(), output(2))
    expect(eth(ip6(tcp(), hops=7)), eth(ip6(tcp(), hops=6)))
    expect(eth(ip6(tcp(), hops=1)))


@case
def ct_tracks_commits_and_establishes():
    flow(IP, ct(zone=5), recirc(1))
    flow(key(port=2), ct(zone=5), recirc(1))
    flow(key(recirc=1, ct_state=(TRACKED | NEW, TRACKED | NEW | ESTABLISHED)),
         ct(commit=True, zone=5, mark=(7, 0xffffffff), label=(1 << 100 | 1, 1 << 100 | 1)), output(2))
    flow(key(recirc=1, port=2, ct_state=(TRACKED | ESTABLISHED | REPLY, 0xff), zone=5, mark=(7, 0xffffffff),
             label=(1 << 100 | 1, (1 << 128) - 1)), output(3))
    expect(eth(ip4(udp())), eth(ip4(udp())))
    reply = eth(ip4(udp(2000, 1000), IP_B, IP_A), MAC_B, MAC_A)
    wires["b"].send(reply)
    assert wires["c"].receive() == reply


@case
def ct_calls_a_packet_out_of_place_invalid():
    flow(IP, ct(zone=4), recirc(1))
    flow(key(recirc=1, ct_state=(TRACKED | INVALID, 0xff)), output(2))
    lost = eth(ip4(udp()))[:34] + b"\0\1"   # an UDP header cut short
    lost = eth(ip4(lost[34:]))
    expect(lost, lost)


@case
def ct_translates_the_source_both_ways():
    flow(IP, ct(commit=True, zone=6, nat=nat_src("10.0.0.77")), recirc(1))
    flow(key(recirc=1, ct_state=(SNAT, SNAT), src="10.0.0.77"), output(2))
    flow(key(port=2), ct(zone=6, nat=[]), recirc(2))
    flow(key(port=2, recirc=2, ct_state=(ESTABLISHED | REPLY | DNAT, ESTABLISHED | REPLY | DNAT), dst=IP_A), output(3))
    for l4, back in ((udp(), udp(2000, 1000)), (tcp(flags=2), tcp(2000, 1000, flags=0x12))):
        expect(eth(ip4(l4)), eth(ip4(l4, "10.0.0.77")))
        wires["b"].send(eth(ip4(back, IP_B, "10.0.0.77"), MAC_B, MAC_A))
        got = wires["c"].receive()
        assert got == eth(ip4(back, IP_B, IP_A), MAC_B, MAC_A), got and got.hex()


@case
def ct_translates_destination_and_port_of_ipv6():
    flow(IP6, ct(commit=True, zone=7, nat=nat_dst("fd00::99", 8080)), output(2))
    expect(eth(ip6(udp())), eth(ip6(udp(dst=8080), dst="fd00::99")))


@case
def ct_force_commit_turns_a_connection_round():
    flow(IP, ct(commit=True, zone=11), output(2))
    flow(key(port=2), ct(commit=True, force=True, zone=11), ct(zone=11), recirc(1))
    flow(key(port=2, recirc=1, ct_state=(0, REPLY)), output(3))
    expect(eth(ip4(udp())), eth(ip4(udp())))
    reply = eth(ip4(udp(2000, 1000), IP_B, IP_A), MAC_B, MAC_A)
    wires["b"].send(reply)
    assert wires["c"].receive() == reply


@case
def ct_clear_forgets():
    flow(IP, ct(zone=8), ct_clear(), recirc(1))
    flow(key(recirc=1, ct_state=(0, 0xff)), output(2))
    expect(eth(ip4(udp())), eth(ip4(udp())))


@case
def fragments_are_tracked_whole_and_leave_as_fragments():
    whole = ip4(udp(payload=bytes(i % 256 for i in range(1200))), frag=0)
    parts = [eth(part) for part in ip4_fragments(whole, 600)]
    for kind in ("first", "later"):
        flow(key(frag=kind), ct(commit=True, zone=9), recirc(1))
    flow(key(recirc=1, proto=17, tp=(1000, 2000), ct_state=(TRACKED, TRACKED)), output(2))
    expect(parts, parts)


@case
def what_cannot_be_is_refused_with_words():
    wrong = [
        (IP6, ipv4(ttl=1)), (IP, set_("tcp", ports(1, 2))), (IP, push_eth(X, Y)), (IP, pop_nsh()),
        (IP, ct(zone=1, mark=(1, 1))), (IP, ct(commit=True, helper="no-such")), (IP, trunc(3)), (IP, output(70000)),
        (key(type=0x0806), ct(zone=1)), (IP, b"\x05\0\0"), (IP, sample(1)[:8]),
    ]
    for match, action in wrong:
        try:
            flow(match, action)
        except Errno as refusal:
            assert refusal.errno in (22, 34, 2, 12), (action.hex(), refusal)
        else:
            raise AssertionError(f"{action.hex()} was taken")


@case
def userspace_executes_what_it_likes():
    packets = Family("ovs_packet")
    parts = ip4_fragments(ip4(udp(payload=bytes(range(200))), frag=0), 96)
    for frame in [eth(ip4(udp())), eth(ip6(tcp())), eth(parts[0]), eth(parts[1]), eth(bytes(60), kind=0x1234), tag(eth(ip4(udp())), 7)]:
        packets.ask(3, attr(1, frame) + nest(2, attr(K["in_port"], u32(1))) + nest(3, output(2)), flows.dp)
        got = wires["b"].receive()
        assert got == frame, f"expected {frame.hex()}\ngot      {got and got.hex()}"
        packets.ask(3, attr(1, frame) + nest(2) + nest(3, ethernet(X, Y), output(2)), flows.dp)
        got = wires["b"].receive()
        assert got and got[12:] == frame[12:], f"expected {frame.hex()}\ngot      {got and got.hex()}"


@case
def misses_go_to_the_ports_socket_and_userspace_actions_to_theirs():
    listener = Family("ovs_packet")
    flow(IP, userspace(listener.pid, b"cookie"))
    frame = eth(ip4(udp()))
    wires["a"].send(frame)
    upcall = listener.socket.recv(1 << 16)
    parts = dict(attributes(upcall[24:]))
    assert upcall[16] == 2 and parts[1][:len(frame)] == frame and parts[4] == b"cookie", parts
    seen = dict(attributes(parts[2]))
    assert seen[K["in_port"]] == u32(1) and seen[K["udp"]] == be(1000, 2) + be(2000, 2), seen
