"""What a newcomer does first, on a kernel datapath: hosts joined by veth pairs, and hosts joined by internal ports that move
into their namespaces; seen through the commands that a person types. One source for either module."""
import json
import re

from switch_lab import run, wait_for
from traffic import in_ns, with_switch


# Bytes that have to arrive in two seconds of TCP: that it flows, for an emulated machine says nothing of speed.
FLOWING = 200_000


def iperf(server_ns, client_ns, address):
    """Bytes that arrived in two seconds of TCP."""
    in_ns(server_ns, "iperf3", "-s", "-1", "-D", "--logfile", "/dev/null")
    wait_for("iperf3 to listen", lambda: in_ns(server_ns, "ip", "-s", "link") and
             ":1451 " in open(f"/proc/{server_pid(server_ns)}/net/tcp6").read())
    done = in_ns(client_ns, "iperf3", "-c", address, "-t", "2", "-J", timeout=60)
    return json.loads(done.stdout)["end"]["sum_received"]["bytes"]


def server_pid(ns):
    return run("ip", "netns", "pids", ns).stdout.split()[0]


@with_switch
def two_hosts_joined_by_veth_pairs(s):
    a, b = s.host("a", "10.10.10.1/24", "br0"), s.host("b", "10.10.10.2/24", "br0")
    assert s.vsctl("list-br").stdout.split() == ["br0"]
    assert sorted(s.vsctl("list-ports", "br0").stdout.split()) == ["v-a", "v-b"]
    show = s.vsctl("show").stdout
    assert re.search(r"    Bridge br0\n(?s:.*)        Port v-a\n            Interface v-a\n", show), show
    assert "        Port br0\n            Interface br0\n                type: internal\n" in show, show
    s.pings(a, "10.10.10.2")
    s.pings(b, "10.10.10.1")
    mac = in_ns(a, "cat", "/sys/class/net/eth0/address").stdout.strip()
    assert mac in s.appctl("fdb/show", "br0").stdout
    # Nothing stands there before the first round of statistics.
    received = lambda: s.vsctl("--if-exists", "get", "interface", "v-a", "statistics:rx_packets").stdout.strip()
    wait_for("statistics", lambda: int(received() or 0) >= 3, 20)
    assert iperf(b, a, "10.10.10.2") > FLOWING
    s.vsctl("del-port", "br0", "v-b")
    assert not s.ping(a, "10.10.10.2", 1)
    s.vsctl("del-br", "br0")
    assert s.vsctl("list-br").stdout == ""


@with_switch
def two_hosts_joined_by_internal_ports(s):
    hosts = [s.add_namespace(f"int{i}{s.id}") for i in (1, 2)]
    for i, ns in enumerate(hosts, 1):
        s.vsctl("add-port", "br0", f"labtap{i}", "--", "set", "interface", f"labtap{i}", "type=internal")
        wait_for("the port's device", lambda i=i: s.link(f"labtap{i}"))
        run("ip", "-n", s.ns, "link", "set", f"labtap{i}", "netns", ns)
        run("ip", "-n", ns, "addr", "add", f"10.20.20.{i}/24", "dev", f"labtap{i}")
        run("ip", "-n", ns, "link", "set", f"labtap{i}", "up")
    s.pings(hosts[0], "10.20.20.2")
    s.pings(hosts[1], "10.20.20.1")
    run("ip", "-n", s.ns, "addr", "add", "10.20.20.254/24", "dev", "br0")
    run("ip", "-n", s.ns, "link", "set", "br0", "up")
    s.pings(hosts[0], "10.20.20.254")
    assert iperf(hosts[1], hosts[0], "10.20.20.2") > FLOWING
