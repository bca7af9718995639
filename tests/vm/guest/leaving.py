"""A daemon that leaves does not stop the traffic of a kernel datapath: one source for either module."""
import contextlib
import signal

import switch_lab
from conversation import Conversation, numbers
from switch_lab import run, wait_for
from traffic import in_ns, with_switch


def two_hosts_talking(s):
    a, b = s.host("a", "10.1.1.1/24", "br0"), s.host("b", "10.1.1.2/24", "br0")
    # Who has which address is known, so that what is left without a daemon is traffic that it has let through before.
    for ns, other, address in ((a, b, "10.1.1.2"), (b, a, "10.1.1.1")):
        mac = in_ns(other, "cat", "/sys/class/net/eth0/address").stdout.strip()
        run("ip", "-n", ns, "neigh", "replace", address, "lladdr", mac, "dev", "eth0", "nud", "permanent")
    s.pings(a, "10.1.1.2")
    return a, b, Conversation(b, a, "10.1.1.2")


@with_switch
def a_killed_daemon_leaves_the_traffic_and_takes_over_what_stands(s):
    a, _, talk = two_hosts_talking(s)
    talk.goes_on()
    before = numbers(s)
    s.kill_vswitchd()
    assert numbers(s) == before
    talk.goes_on()
    s.start_vswitchd()
    wait_for("the ports", lambda: s.get("Interface", "v-b", "ofport") not in ("[]", "-1"))
    talk.goes_on()
    s.pings(a, "10.1.1.2")
    assert numbers(s) == before
    talk.end()
    assert not talk.failure, talk.failure


@with_switch
def an_ordinary_exit_leaves_the_traffic_too(s):
    _, _, talk = two_hosts_talking(s)
    talk.goes_on()
    s.kill_vswitchd(signal.SIGTERM)
    assert "v-b" in in_ns(s.ns, "ovs-dpctl", "show").stdout
    talk.goes_on()
    s.start_vswitchd()
    wait_for("the ports", lambda: s.get("Interface", "v-b", "ofport") not in ("[]", "-1"))
    talk.goes_on()
    talk.end()


@with_switch
def a_port_deleted_meanwhile_is_removed_at_the_start(s):
    s.host("a", "10.1.1.1/24", "br0")
    s.host("b", "10.1.1.2/24", "br0")
    s.vsctl("add-port", "br0", "in0", "--", "set", "interface", "in0", "type=internal")
    s.kill_vswitchd()
    s.vsctl("--no-wait", "del-port", "br0", "v-b", "--", "del-port", "br0", "in0")
    assert "v-b" in in_ns(s.ns, "ovs-dpctl", "show").stdout
    s.start_vswitchd()
    wait_for("the ports to go", lambda: not any(p in in_ns(s.ns, "ovs-dpctl", "show").stdout for p in ("v-b", "in0")))
    assert "v-a" in in_ns(s.ns, "ovs-dpctl", "show").stdout
    assert not s.link("in0")


@with_switch
def an_internal_port_goes_on_in_another_namespace(s):
    a = s.host("a", "10.1.1.1/24", "br0")
    s.vsctl("add-port", "br0", "in0", "--", "set", "interface", "in0", "type=internal")
    there = s.add_namespace(f"away{s.id}")
    run("ip", "-n", s.ns, "link", "set", "in0", "netns", there)
    run("ip", "-n", there, "addr", "add", "10.1.1.7/24", "dev", "in0")
    run("ip", "-n", there, "link", "set", "in0", "up")
    s.pings(a, "10.1.1.7")
    s.kill_vswitchd()
    s.start_vswitchd()
    wait_for("the ports", lambda: s.get("Interface", "in0", "ofport") not in ("[]", "-1"))
    s.pings(a, "10.1.1.7")
    assert s.link("in0", there)
    s.vsctl("del-port", "br0", "in0")
    wait_for("the device to go", lambda: not s.link("in0", there))


@with_switch
def cleanup_takes_the_datapath_away(s):
    s.host("a", "10.1.1.1/24", "br0")
    s.exit_vswitchd("--cleanup")
    wait_for("the datapath to go", lambda: "v-a" not in in_ns(s.ns, "ovs-dpctl", "show", check=False).stdout)
    s.start_vswitchd()


DAEMONS = {"ovsdb-server", "ovs-vswitchd", "ovs-vsctl", "ovs-appctl"}


def restart(s, reference):
    """As an upgrade of the packages does: both daemons end, and those of the other packages start on what is there."""
    s.exit_vswitchd()
    s.kill_server()
    (switch_lab.REFERENCE.update if reference else switch_lab.REFERENCE.difference_update)(DAEMONS)
    s.start_server()
    s.start_vswitchd()
    s.vsctl("set", "open_vswitch", ".", "external_ids:waits=for-the-new-daemon")


@contextlib.contextmanager
def our_daemons_at_the_end(s):
    try:
        yield
    finally:
        if switch_lab.REFERENCE:
            restart(s, reference=False)


@with_switch
def debians_switch_takes_over_and_gives_back(s):
    a, _, talk = two_hosts_talking(s)
    s.vsctl("add-port", "br0", "in0", "--", "set", "interface", "in0", "type=internal",
            "--", "add-port", "br0", "t0", "--", "set", "interface", "t0", "type=vxlan", "options:remote_ip=192.0.2.1")
    run("ip", "-n", s.ns, "addr", "add", "10.1.1.7/24", "dev", "in0")
    run("ip", "-n", s.ns, "link", "set", "in0", "up")
    s.pings(a, "10.1.1.7")
    before, device = numbers(s), s.link("in0")
    with our_daemons_at_the_end(s):
        for reference in (True, False, True, False):
            talk.goes_on()
            restart(s, reference)
            assert s.appctl("version").stdout.strip() in run(switch_lab.program("ovs-vswitchd"), "--version").stdout.splitlines()
            talk.goes_on()
            for host in ("10.1.1.2", "10.1.1.7"):
                s.pings(a, host)
            assert numbers(s) == before
            assert s.link("in0").split(":")[0] == device.split(":")[0]
    talk.end()
    assert not talk.failure, talk.failure
