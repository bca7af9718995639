"""What others do to a kernel datapath behind the daemon's back, and how the daemon gets over it. One source for either module."""
import os
import pathlib
import signal

import ovs_netlink
from namespace import inside
from switch_lab import run, wait_for
from traffic import in_ns, with_switch

OVS_VPORT_CMD_SET, OVS_VPORT_ATTR_PORT_NO = 4, 1
MODULE = "turnout" if pathlib.Path("/sys/module/turnout").exists() else "openvswitch"


def dpctl(s, *words):
    return in_ns(s.ns, "ovs-dpctl", *words, check=False)


def ports(s):
    return {line.split()[2] for line in dpctl(s, "show").stdout.splitlines() if line.strip().startswith("port ")}


def two_hosts(s):
    a = s.host("a", "10.1.1.1/24", "br0")
    s.host("b", "10.1.1.2/24", "br0")
    s.pings(a, "10.1.1.2")
    return a


@with_switch
def a_port_that_another_program_takes_out_is_put_back(s):
    a = two_hosts(s)
    number = s.get("Interface", "v-b", "ofport")
    assert dpctl(s, "del-if", "ovs-system", "v-b").returncode == 0
    wait_for("the port to be back", lambda: "v-b" in ports(s))
    s.pings(a, "10.1.1.2")
    assert s.get("Interface", "v-b", "ofport") == number
    assert s.get("Interface", "v-b", "error") == "[]"


@with_switch
def an_internal_port_that_another_program_takes_out_is_made_anew(s):
    two_hosts(s)
    s.vsctl("add-port", "br0", "in0", "--", "set", "interface", "in0", "type=internal")
    before = s.get("Interface", "in0", "ifindex")
    assert dpctl(s, "del-if", "ovs-system", "in0").returncode == 0
    wait_for("a new device", lambda: s.get("Interface", "in0", "ifindex") not in (before, "[]"))
    assert "in0" in ports(s) and s.link("in0")


@with_switch
def a_port_that_another_program_adds_is_taken_out(s):
    two_hosts(s)
    run("ip", "-n", s.ns, "link", "add", "v-x", "type", "veth", "peer", "name", "v-y")
    try:
        assert dpctl(s, "add-if", "ovs-system", "v-x").returncode == 0
        wait_for("the port to go", lambda: "v-x" not in ports(s))
        assert ports(s) >= {"v-a", "v-b", "br0"}
    finally:
        run("ip", "-n", s.ns, "link", "del", "v-x")


@with_switch
def lost_notifications_are_made_up_for(s):
    """The daemon sleeps while more happens than its socket can hold."""
    a = two_hosts(s)
    run("ip", "-n", s.ns, "link", "add", "v-x", "type", "veth", "peer", "name", "v-y")
    os.kill(vswitchd(s), signal.SIGSTOP)
    with inside(s.ns):
        vports, dp = ovs_netlink.Family("ovs_vport"), ovs_netlink.Flows("ovs-system").dp
    for _ in range(1000):
        vports.ask(OVS_VPORT_CMD_SET, ovs_netlink.attr(OVS_VPORT_ATTR_PORT_NO, ovs_netlink.u32(0)), dp)
    dpctl(s, "add-if", "ovs-system", "v-x")
    dpctl(s, "del-if", "ovs-system", "v-b")
    os.kill(vswitchd(s), signal.SIGCONT)
    wait_for("what is configured", lambda: ports(s) == {"ovs-system", "br0", "v-a", "v-b"}, 30)
    assert int(s.appctl("coverage/read-counter", "dpif_netlink_notification_overflow").stdout) > 0
    s.pings(a, "10.1.1.2")
    run("ip", "-n", s.ns, "link", "del", "v-x")
    run("ip", "-n", s.ns, "link", "del", "v-b")
    wait_for("the error", lambda: "No such device" in s.get("Interface", "v-b", "error"))


def vswitchd(s):
    return int((s.dir / "ovs-vswitchd.pid").read_text())


@with_switch
def a_deleted_datapath_is_said_and_a_restart_makes_it_anew(s):
    a = two_hosts(s)
    assert dpctl(s, "del-dp", "ovs-system").returncode == 0
    for name in ("v-a", "v-b", "br0"):
        wait_for(f"the error of {name}", lambda name=name: "No such device" in s.get("Interface", name, "error"))
    wait_for("the log", lambda: "the datapath is gone from the kernel" in s.log())
    assert s.alive()
    s.kill_vswitchd(signal.SIGTERM)
    s.start_vswitchd()
    s.pings(a, "10.1.1.2")
    assert s.get("Interface", "v-b", "error") == "[]"


@with_switch
def a_module_that_goes_is_said_and_one_that_comes_later_serves_after_a_restart(s):
    a = two_hosts(s)
    dpctl(s, "del-dp", "ovs-system")
    wait_for("the module to go", lambda: run("rmmod", MODULE, check=False).returncode == 0)
    for name in ("v-a", "v-b"):
        wait_for(f"the error of {name}", lambda name=name: "No such device" in s.get("Interface", name, "error"))
    assert s.alive()
    s.vsctl("set", "bridge", "br0", "other_config:x=y")
    assert s.alive()
    run("modprobe", MODULE)
    s.kill_vswitchd(signal.SIGTERM)
    s.start_vswitchd()
    s.pings(a, "10.1.1.2")
    assert "v-b" in ports(s)
