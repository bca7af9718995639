"""Traffic that any kernel datapath must carry: one source for every combination of module and daemons.

A test script names the daemons in TURNOUT_REFERENCE, imports this and calls main(); the module is loaded already.
"""
import socket
import threading

from namespace import inside
from switch_lab import Switch, main, run, test, wait_for

__all__ = ["in_ns", "inside", "main", "run", "tcp", "test", "wait_for", "with_switch"]
_switch = None


def with_switch(function):
    """Declares a test that gets a switch with an empty kernel bridge br0. The daemons run on from test to test."""
    def wrapped():
        global _switch
        if not _switch:
            # Debian's 3.1 counts no CPUs, and starts no handlers, in the first ten seconds of a machine.
            wait_for("ten seconds of uptime", lambda: float(open("/proc/uptime").read().split()[0]) > 11)
            _switch = Switch()
        log_start = len(_switch.log())
        try:
            _switch.vsctl("add-br", "br0")
            function(_switch)
        except Exception:
            print(_switch.log()[log_start:][-4000:])
            raise
        finally:
            _switch.remove_hosts()
            _switch.vsctl("--if-exists", "del-br", "br0", check=False)
    wrapped.__name__ = function.__name__
    return test(wrapped)


def in_ns(ns, *words, **options):
    return run("ip", "netns", "exec", ns, *words, **options)


def tcp(server_ns, client_ns, address, size=2_000_000, port=5000):
    """Sends `size` bytes over TCP and says how many arrived."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with inside(server_ns):
        listener = socket.create_server((address, port), family=family)
    with inside(client_ns):
        client = socket.socket(family, socket.SOCK_STREAM)
    arrived = 0

    def receive():
        nonlocal arrived
        connection, _ = listener.accept()
        connection.settimeout(60)
        while part := connection.recv(1 << 16):
            arrived += len(part)
        connection.close()

    listener.settimeout(60)
    client.settimeout(60)
    receiver = threading.Thread(target=receive)
    receiver.start()
    try:
        client.connect((address, port))
        client.sendall(bytes(size))
    finally:
        client.close()
        receiver.join()
        listener.close()
    return arrived


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
