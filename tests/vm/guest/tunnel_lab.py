"""A far end without a switch, joined by a wire, for tunnels between a switch and the kernel itself."""
import contextlib

from switch_lab import run
from traffic import in_ns

NEAR, FAR = {4: "172.16.0.1", 6: "fd16::1"}, {4: "172.16.0.2", 6: "fd16::2"}


def ip(ns, *words):
    return run("ip", "-n", ns, *words)


def wired(s):
    """A namespace without a switch at the other end of a wire, with addresses of both families."""
    ns = s.add_namespace(f"far{s.id}")
    ip(s.ns, "link", "add", "wire", "type", "veth", "peer", "name", "wire", "netns", ns)
    for end, four, six in ((s.ns, NEAR[4], NEAR[6]), (ns, FAR[4], FAR[6])):
        ip(end, "addr", "add", f"{four}/24", "dev", "wire")
        ip(end, "addr", "add", f"{six}/64", "dev", "wire", "nodad")
        ip(end, "link", "set", "wire", "up")
    return ns


def linux_end(ns, *words, address="10.1.1.9/24", mtu=1350):
    """A tunnel device of the kernel itself."""
    ip(ns, "link", "add", "tun", "type", *words)
    ip(ns, "link", "set", "tun", "mtu", mtu)
    ip(ns, "addr", "add", address, "dev", "tun")
    ip(ns, "link", "set", "tun", "up")


def add_tunnel(s, name, kind, *options, check=True):
    s.vsctl("add-port", "br0", name, "--", "set", "interface", name, f"type={kind}", *(f"options:{o}" for o in options), check=check)


def small_host(s, short, address, *words):
    ns = s.host(short, address, "br0", *words)
    ip(ns, "link", "set", "eth0", "mtu", "1350")
    return ns


@contextlib.contextmanager
def wire_of(s):
    try:
        yield wired(s)
    finally:
        run("ip", "-n", s.ns, "link", "del", "wire", check=False)


def mac_of(ns, device):
    return in_ns(ns, "cat", f"/sys/class/net/{device}/address").stdout.strip()
