"""Tunnel interfaces of our daemon and the devices that they share: they come and go, are refused, are taken over, and are
told of. One source for either module.
"""
import contextlib
import os
import pathlib

from conversation import Conversation, numbers
from switch_lab import run, wait_for
from traffic import in_ns, with_switch
from tunnel_lab import FAR, NEAR, add_tunnel, ip, linux_end, mac_of, small_host, wire_of


@with_switch
def one_device_serves_all_tunnels_of_a_kind_and_goes_with_the_last(s):
    add_tunnel(s, "t1", "vxlan", "remote_ip=172.16.0.2", "key=1")
    add_tunnel(s, "t2", "vxlan", "remote_ip=172.16.0.2", "key=2")
    add_tunnel(s, "t3", "vxlan", "remote_ip=172.16.0.2", "dst_port=4790")
    add_tunnel(s, "t4", "geneve", "remote_ip=172.16.0.2")
    shown = in_ns(s.ns, "ovs-dpctl", "show").stdout
    for line in ("vxlan_sys_4789 (vxlan: packet_type=ptap)", "vxlan_sys_4790 (vxlan: dst_port=4790, packet_type=ptap)",
                 "genev_sys_6081 (geneve: packet_type=ptap)"):
        assert shown.count(line) == 1, shown
    own = s.appctl("dpctl/show").stdout
    assert own.split("port 0")[1] == shown.split("port 0")[1], (own, shown)
    details = ip(s.ns, "-d", "link", "show", "vxlan_sys_4789").stdout
    assert "external" in details and "mtu 65000" in details and "UP" in details and "udp6zerocsumrx" in details, details
    ports = s.appctl("dpif/show").stdout
    assert "(vxlan: key=1, remote_ip=172.16.0.2)" in ports and "(geneve: remote_ip=172.16.0.2)" in ports, ports
    listed = sorted(s.appctl("ofproto/list-tunnels").stdout.splitlines())
    assert len(listed) == 4 and any("t2 (vxlan: ::->172.16.0.2, key=0x2, legacy_l2, dp port=" in line for line in listed), listed
    s.vsctl("del-port", "t1")
    assert s.link("vxlan_sys_4789")
    s.vsctl("del-port", "t2", "--", "del-port", "t4")
    wait_for("the devices to go", lambda: not s.link("vxlan_sys_4789") and not s.link("genev_sys_6081"))
    assert s.link("vxlan_sys_4790")
    shown = in_ns(s.ns, "ovs-dpctl", "show").stdout
    assert "vxlan_sys_4789" not in shown and "vxlan_sys_4790" in shown, shown


@with_switch
def what_cannot_be_says_so(s):
    add_tunnel(s, "good", "vxlan", "remote_ip=172.16.0.2")
    for name, kind, options, words in (
            ("same", "vxlan", ["remote_ip=172.16.0.2", "key=0"], "could not add network device same to ofproto (File exists)"),
            ("group", "vxlan", ["remote_ip=172.16.0.3", "exts=gbp"], "can't be configured on the same dst_port"),
            ("stt0", "stt", ["remote_ip=172.16.0.2"], "type stt is not supported by the kernel datapath"),
            ("lisp0", "lisp", ["remote_ip=172.16.0.2"], "type lisp is not supported by the kernel datapath"),
            ("gtpu0", "gtpu", ["remote_ip=172.16.0.2"], "type gtpu is not supported by the kernel datapath"),
            ("bare0", "bareudp", ["remote_ip=172.16.0.2"], "type bareudp is not supported by the kernel datapath"),
            ("gpe0", "vxlan", ["remote_ip=172.16.0.2", "exts=gpe", "dst_port=4800"], "options:exts=gpe is not supported"),
            ("seq0", "gre", ["remote_ip=172.16.0.2", "seq=true"], "options:seq is not supported"),
            ("none", "vxlan", ["key=1"], "vxlan type requires valid 'remote_ip' argument")):
        add_tunnel(s, name, kind, *options, check=False)
        wait_for(f"the error of {name}", lambda: words in s.get("Interface", name, "error"))
        assert s.get("Interface", name, "ofport") == "-1"
    s.vsctl("set", "interface", "same", "options:key=3")
    wait_for("the port", lambda: s.get("Interface", "same", "error") == "[]" and s.get("Interface", "same", "ofport") != "-1")


@with_switch
def status_and_statistics_tell_of_each_tunnel(s):
    with wire_of(s) as far:
        add_tunnel(s, "tun0", "vxlan", f"remote_ip={FAR[4]}", "key=5")
        add_tunnel(s, "tun1", "vxlan", "remote_ip=192.0.2.1", "key=5")
        linux_end(far, "vxlan", "id", "5", "remote", NEAR[4], "dstport", "4789")
        a = small_host(s, "a", "10.1.1.1/24")
        s.pings(a, "10.1.1.9")
        status = s.get("Interface", "tun0", "status")
        assert "tunnel_egress_iface=wire" in status and "tunnel_egress_iface_carrier=up" in status, status
        assert s.get("Interface", "tun1", "status") == "{}"
        assert s.get("Interface", "tun0", "link_state") == "up"
        in_ns(a, "ping", "-q", "-c", "20", "-i", "0.05", "10.1.1.9")

        def counted(name, key):
            return int(dict(p.split("=") for p in s.get("Interface", name, "statistics").strip("{}").split(", "))[key])
        wait_for("the statistics", lambda: counted("tun0", "rx_packets") >= 20 and counted("tun0", "tx_packets") >= 20, 20)
        assert counted("tun1", "rx_packets") == 0 and counted("tun1", "tx_packets") < 20
        ip(far, "link", "set", "wire", "down")
        wait_for("the carrier", lambda: "tunnel_egress_iface_carrier=down" in s.get("Interface", "tun0", "status"), 20)


@with_switch
def a_killed_daemon_leaves_tunnels_and_takes_them_over(s):
    with wire_of(s) as far:
        add_tunnel(s, "tun0", "vxlan", f"remote_ip={FAR[4]}", "key=5")
        add_tunnel(s, "gone", "geneve", f"remote_ip={FAR[4]}")
        linux_end(far, "vxlan", "id", "5", "remote", NEAR[4], "dstport", "4789")
        a = small_host(s, "a", "10.1.1.1/24")
        for ns, device, address, other, theirs in ((a, "eth0", "10.1.1.9", far, "tun"), (far, "tun", "10.1.1.1", a, "eth0")):
            ip(ns, "neigh", "replace", address, "lladdr", mac_of(other, theirs), "dev", device, "nud", "permanent")
        s.pings(a, "10.1.1.9")
        talk = Conversation(far, a, "10.1.1.9")
        talk.goes_on()
        before, device = numbers(s), s.link("vxlan_sys_4789").split(":")[0]
        s.kill_vswitchd()
        talk.goes_on()
        s.vsctl("--no-wait", "del-port", "gone")
        ip(s.ns, "link", "add", "vxlan_sys_4999", "type", "vxlan", "external", "dstport", "4999")   # of some daemon before
        s.start_vswitchd()
        wait_for("the ports", lambda: s.get("Interface", "tun0", "ofport") not in ("[]", "-1"))
        talk.goes_on()
        s.pings(a, "10.1.1.9")
        assert s.link("vxlan_sys_4789").split(":")[0] == device
        wait_for("what is stale to go", lambda: not s.link("genev_sys_6081") and not s.link("vxlan_sys_4999"))
        assert numbers(s) == {line for line in before if "genev_sys" not in line}
        talk.end()
        assert not talk.failure, talk.failure


@with_switch
def a_deleted_device_is_made_anew(s):
    with wire_of(s) as far:
        add_tunnel(s, "tun0", "vxlan", f"remote_ip={FAR[4]}", "key=5")
        linux_end(far, "vxlan", "id", "5", "remote", NEAR[4], "dstport", "4789")
        a = small_host(s, "a", "10.1.1.1/24")
        s.pings(a, "10.1.1.9")
        number = s.get("Interface", "tun0", "ofport")
        ip(s.ns, "link", "del", "vxlan_sys_4789")
        wait_for("the device", lambda: s.link("vxlan_sys_4789"))
        s.pings(a, "10.1.1.9")
        assert s.get("Interface", "tun0", "ofport") == number


@with_switch
def keys_of_the_flow_are_received_all_and_sent_as_zero(s):
    with wire_of(s) as far:
        add_tunnel(s, "tun0", "vxlan", f"remote_ip={FAR[4]}", "key=flow")
        linux_end(far, "vxlan", "id", "0", "remote", NEAR[4], "dstport", "4789")
        a = small_host(s, "a", "10.1.1.1/24")
        s.pings(a, "10.1.1.9")


@contextlib.contextmanager
def without_the_driver_of(kind):
    """Rtnetlink finds none: a module of this name is loaded as another's need only."""
    def is_gone():
        for module in (f"vport_{kind}", kind):             # the first is not of every kernel
            run("modprobe", "-r", module, check=False)
        return not os.path.exists(f"/sys/module/{kind}")
    wait_for(f"the driver of {kind} to go", is_gone)       # behind the devices that it had
    ban = pathlib.Path("/etc/modprobe.d/ban.conf")
    ban.parent.mkdir(parents=True, exist_ok=True)
    ban.write_text(f"blacklist {kind}\n")
    try:
        yield
    finally:
        ban.unlink()


@with_switch
def where_rtnetlink_makes_no_device_the_module_does(s):
    with without_the_driver_of("vxlan"), wire_of(s) as far:
        add_tunnel(s, "tun0", "vxlan", f"remote_ip={FAR[4]}", "key=5")
        wait_for("the device", lambda: s.link("vxlan_sys_4789"))
        linux_end(far, "vxlan", "id", "5", "remote", NEAR[4], "dstport", "4789")
        a = small_host(s, "a", "10.1.1.1/24")
        s.pings(a, "10.1.1.9")
        before, device = numbers(s), s.link("vxlan_sys_4789").split(":")[0]
        s.kill_vswitchd()
        s.start_vswitchd()
        wait_for("the port", lambda: s.get("Interface", "tun0", "ofport") not in ("[]", "-1"))
        s.pings(a, "10.1.1.9")
        assert numbers(s) == before and s.link("vxlan_sys_4789").split(":")[0] == device
        s.vsctl("del-port", "tun0")
        wait_for("the device to go", lambda: not s.link("vxlan_sys_4789"))
