"""Tunnels of every kind between two switches in two namespaces.

One source for every module; the daemons are those of TURNOUT_REFERENCE, as in traffic.py.
"""
from switch_lab import Switch, run
from traffic import in_ns, tcp, with_switch


def far_switch(near, kind, options, family=4):
    """A second switch in a namespace of its own, joined by a wire and a tunnel over it."""
    far = Switch()
    run("ip", "-n", near.ns, "link", "add", "wire", "type", "veth", "peer", "name", "wire", "netns", far.ns)
    local = {4: ("172.16.0.1", "172.16.0.2"), 6: ("fd16::1", "fd16::2")}[family]
    for switch, own, other in ((near, *local), (far, *reversed(local))):
        length = 24 if family == 4 else 64
        run("ip", "-n", switch.ns, "addr", "add", f"{own}/{length}", "dev", "wire", *(["nodad"] if family == 6 else []))
        run("ip", "-n", switch.ns, "link", "set", "wire", "up")
        switch.vsctl("--may-exist", "add-br", "br0")
        switch.vsctl("add-port", "br0", "tun0", "--", "set", "interface", "tun0", f"type={kind}",
                     f"options:remote_ip=\"{other}\"", f"options:local_ip=\"{own}\"", *options)
    return far


def tunnel(s, kind, *options, family=4):
    far = far_switch(s, kind, options, family)
    try:
        a, b = s.host("a", "10.1.1.1/24", "br0"), far.host("b", "10.1.1.2/24", "br0")
        for ns in (a, b):
            run("ip", "-n", ns, "link", "set", "eth0", "mtu", "1300")
        s.pings(a, "10.1.1.2")
        assert tcp(b, a, "10.1.1.2", 500_000) == 500_000
        in_ns(a, "ping", "-q", "-c", "1", "-W", "5", "-s", "3000", "10.1.1.2")
        flows = in_ns(far.ns, "ovs-dpctl", "dump-flows").stdout
        assert "tunnel(" in flows, flows
    finally:
        far.vsctl("del-br", "br0", check=False)
        far.close()
        run("ip", "-n", s.ns, "link", "del", "wire", check=False)


@with_switch
def vxlan_joins_two_namespaces(s):
    tunnel(s, "vxlan", "options:key=5")


@with_switch
def geneve_joins_two_namespaces(s):
    tunnel(s, "geneve", "options:key=6", "options:csum=true")


@with_switch
def geneve_over_ipv6_joins_two_namespaces(s):
    tunnel(s, "geneve", "options:key=7", family=6)


@with_switch
def gre_joins_two_namespaces(s):
    tunnel(s, "gre", "options:key=8")


@with_switch
def erspan_joins_two_namespaces(s):
    tunnel(s, "erspan", "options:key=9", "options:erspan_ver=1", "options:erspan_idx=3")
