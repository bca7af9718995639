"""Plain switching that any kernel datapath must do: one source for every combination of module and daemons.

A test script names the daemons in TURNOUT_REFERENCE, imports this and calls main(); the module is loaded already.
"""
from switch_lab import run, wait_for
from traffic import in_ns, tcp, with_switch


@with_switch
def the_bridge_is_a_kernel_datapath(s):
    assert s.get("Bridge", "br0", "datapath_type") in ('""', "system")
    names = in_ns(s.ns, "ovs-dpctl", "show").stdout
    assert "system@ovs-system" in names, names


@with_switch
def two_hosts_ping(s):
    a, b = s.host("a", "10.1.1.1/24", "br0"), s.host("b", "10.1.1.2/24", "br0")
    s.pings(a, "10.1.1.2")
    s.pings(b, "10.1.1.1")
    flows = in_ns(s.ns, "ovs-dpctl", "dump-flows").stdout
    assert "eth_type(0x0800)" in flows, flows


@with_switch
def tcp_passes_with_offloads(s):
    a, b = s.host("a", "10.1.1.1/24", "br0"), s.host("b", "10.1.1.2/24", "br0")
    s.pings(a, "10.1.1.2")
    assert tcp(b, a, "10.1.1.2") == 2_000_000


@with_switch
def large_pings_are_fragmented_and_pass(s):
    a, _ = s.host("a", "10.1.1.1/24", "br0"), s.host("b", "10.1.1.2/24", "br0")
    s.pings(a, "10.1.1.2")
    in_ns(a, "ping", "-q", "-c", "2", "-i", "0.2", "-s", "4000", "10.1.1.2")


@with_switch
def ipv6_neighbours_and_ping(s):
    a, b = s.host("a", None, "br0"), s.host("b", None, "br0")
    for ns, address in ((a, "fd00::1"), (b, "fd00::2")):
        run("ip", "-n", ns, "addr", "add", f"{address}/64", "dev", "eth0", "nodad")
    wait_for("IPv6 ping", lambda: in_ns(a, "ping", "-6", "-q", "-c", "1", "-W", "1", "fd00::2", check=False).returncode == 0)


@with_switch
def access_ports_and_a_trunk_keep_vlans_apart(s):
    a = s.host("a", "10.1.1.1/24", "br0", "tag=10")
    s.host("b", "10.1.1.2/24", "br0", "tag=10")
    s.host("c", "10.1.1.3/24", "br0", "tag=20")
    trunk = s.host("t", None, "br0")
    run("ip", "-n", trunk, "link", "add", "link", "eth0", "name", "v10", "type", "vlan", "id", "10")
    run("ip", "-n", trunk, "addr", "add", "10.1.1.9/24", "dev", "v10")
    run("ip", "-n", trunk, "link", "set", "v10", "up")
    s.pings(a, "10.1.1.2")
    s.pings(a, "10.1.1.9")
    assert not s.ping(a, "10.1.1.3", 1)


@with_switch
def an_internal_port_carries_the_hosts_address(s):
    a = s.host("a", "10.1.1.1/24", "br0")
    run("ip", "-n", s.ns, "addr", "add", "10.1.1.254/24", "dev", "br0")
    run("ip", "-n", s.ns, "link", "set", "br0", "up")
    s.pings(a, "10.1.1.254")
    assert tcp(s.ns, a, "10.1.1.254") == 2_000_000


@with_switch
def a_smaller_mtu_drops_what_does_not_fit(s):
    a, _ = s.host("a", "10.1.1.1/24", "br0"), s.host("b", "10.1.1.2/24", "br0")
    s.pings(a, "10.1.1.2")
    run("ip", "-n", s.ns, "link", "set", "v-b", "mtu", "1000")
    large = lambda: in_ns(a, "ping", "-q", "-c", "1", "-W", "1", "-M", "do", "-s", "1300", "10.1.1.2", check=False).returncode
    assert large() != 0
    assert s.ping(a, "10.1.1.2", 1)
    run("ip", "-n", s.ns, "link", "set", "v-b", "mtu", "1500")
    wait_for("the large ping", lambda: large() == 0)


@with_switch
def a_device_that_goes_away_takes_its_port(s):
    a, _ = s.host("a", "10.1.1.1/24", "br0"), s.host("b", "10.1.1.2/24", "br0")
    s.pings(a, "10.1.1.2")
    run("ip", "-n", s.ns, "link", "del", "v-b")
    wait_for("the port to go", lambda: "v-b" not in in_ns(s.ns, "ovs-dpctl", "show").stdout)
    wait_for("the error", lambda: "No such device" in s.get("Interface", "v-b", "error"))


@with_switch
def upcalls_are_dispatched_by_cpu(s):
    assert s.appctl("dpif-netlink/dispatch-mode").stdout == "ovs-system: per-cpu dispatch mode\n"
