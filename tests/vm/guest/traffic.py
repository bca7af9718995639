"""A running switch with a kernel bridge for each test, and traffic through it."""
import contextlib
import re
import socket
import threading

from namespace import inside
from switch_lab import Switch, run, test, wait_for

OPENFLOW = "protocols=OpenFlow10,OpenFlow13,OpenFlow15"
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


def pipeline(s, *flows):
    s.vsctl("set", "bridge", "br0", OPENFLOW)
    s.ofctl("del-flows", "br0")
    for flow in ("priority=1,arp,actions=NORMAL", "priority=10,icmp6,icmp_type=135,actions=NORMAL",
                 "priority=10,icmp6,icmp_type=136,actions=NORMAL", *flows):
        s.ofctl("add-flow", "br0", flow)


def two_hosts(s):
    return s.host("a", "10.1.1.1/24", "br0"), s.host("b", "10.1.1.2/24", "br0")


def neighbour(ns, address, of):
    """Tells `ns` that `address` is at the host `of`."""
    mac = re.search(r"link/ether (\S+)", run("ip", "-n", of, "-o", "link", "show", "dev", "eth0").stdout).group(1)
    run("ip", "-n", ns, "neigh", "replace", address, "lladdr", mac, "dev", "eth0")


@contextlib.contextmanager
def listening(ns, address, port):
    with inside(ns):
        listener = socket.create_server((address, port))
    listener.settimeout(10)
    try:
        yield listener
    finally:
        listener.close()


def connect(ns, address, port, bind=None, seconds=10):
    with inside(ns):
        client = socket.socket()
    client.settimeout(seconds)
    if bind:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        client.bind(bind)
    client.connect((address, port))
    return client


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
