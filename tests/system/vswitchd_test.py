#!/usr/bin/env python3
"""ovs-vswitchd on real devices: namespaces, veth pairs, internal ports, restarts of either daemon."""
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time

SUPPORT = pathlib.Path(__file__).resolve().parents[1] / "support"
sys.path.insert(0, str(SUPPORT))
from switch_lab import Switch, main, run, schema, test, wait_for  # noqa: E402


def with_switch(function):
    def wrapped():
        switch = Switch()
        try:
            function(switch)
        except Exception:
            print(switch.log()[-4000:])
            raise
        finally:
            switch.close()
    wrapped.__name__ = function.__name__
    return test(wrapped)


@with_switch
def two_hosts_ping_and_the_log_is_calm(s):
    s.vsctl("add-br", "br0")
    a, b = s.host("a", "10.1.1.1/24", "br0"), s.host("b", "10.1.1.2/24", "br0")
    s.pings(a, "10.1.1.2")
    s.pings(b, "10.1.1.1")
    assert s.complaints() == [], s.complaints()


@with_switch
def rows_say_what_runs(s):
    s.vsctl("add-br", "br0")
    s.host("a", "10.1.1.1/24", "br0")
    assert s.get("Interface", "v-a", "ofport") == "1"
    assert s.get("Interface", "br0", "ofport") == "65534"
    wait_for("link_state", lambda: s.get("Interface", "v-a", "link_state") == "up")
    mac = re.search(r"link/ether (\S+)", s.link("v-a")).group(1)
    assert s.get("Interface", "v-a", "mac_in_use") == f'"{mac}"'
    assert s.get("Interface", "v-a", "status:driver_name") == "veth"
    assert s.get("Bridge", "br0", "datapath_version") == '"<built-in>"'
    assert re.fullmatch(r'"[0-9a-f]{16}"', s.get("Bridge", "br0", "datapath_id"))
    assert s.get("Open_vSwitch", ".", "ovs_version") == '"3.7.0"'
    assert s.get("Open_vSwitch", ".", "db_version") == f'"{json.loads(pathlib.Path(schema()).read_text())["version"]}"'
    types = s.get("Open_vSwitch", ".", "iface_types")
    assert all(t in types for t in ("internal", "patch", "system", "tap")), types


@test
def a_database_that_was_not_upgraded_serves():
    """Of Open vSwitch 3.1, where a newer daemon is started on it."""
    older = json.loads(pathlib.Path(schema()).read_text())
    older["version"] = "8.3.1"
    del older["tables"]["CT_Zone"]["columns"]["limit"], older["tables"]["Datapath"]["columns"]["ct_zone_default_limit"]
    with tempfile.NamedTemporaryFile("w", suffix=".ovsschema") as file:
        json.dump(older, file)
        file.flush()
        s = Switch(database_schema=file.name)
    try:
        s.vsctl("add-br", "br0")
        a, _ = s.host("a", "10.1.1.1/24", "br0"), s.host("b", "10.1.1.2/24", "br0")
        s.pings(a, "10.1.1.2")
        assert s.get("Open_vSwitch", ".", "db_version") == '"8.3.1"'
        assert len(s.complaints()) == 2 and all("needs upgrade" in line for line in s.complaints()), s.complaints()
    finally:
        s.close()


@with_switch
def a_tunnel_on_the_userspace_datapath_says_what_it_needs(s):
    s.vsctl("add-br", "br0", "--", "set", "bridge", "br0", "datapath_type=netdev")
    s.vsctl("add-port", "br0", "vx", "--", "set", "interface", "vx", "type=vxlan", "options:remote_ip=10.0.0.2", check=False)
    assert "vxlan tunnels need a kernel datapath" in s.get("Interface", "vx", "error"), s.get("Interface", "vx", "error")
    assert s.get("Interface", "vx", "ofport") == "-1"
    s.vsctl("set", "bridge", "br0", "other_config:x=y")      # tried again, and not said again
    assert len([line for line in s.complaints() if "kernel datapath" in line]) == 1, s.complaints()
    a, _ = s.host("a", "10.1.1.1/24", "br0"), s.host("b", "10.1.1.2/24", "br0")
    s.pings(a, "10.1.1.2")
    s.vsctl("set", "interface", "vx", "type=internal")
    wait_for("the port", lambda: s.get("Interface", "vx", "error") == "[]" and s.get("Interface", "vx", "ofport") != "-1")


@with_switch
def statistics_move(s):
    s.vsctl("add-br", "br0")
    a, b = s.host("a", "10.1.1.1/24", "br0"), s.host("b", "10.1.1.2/24", "br0")
    s.pings(a, "10.1.1.2")

    def moved():
        found = re.search(r"rx_packets=(\d+)", s.get("Interface", "v-a", "statistics"))
        return found and int(found.group(1)) >= 1
    wait_for("statistics", moved, 9)
    documented = {"rx_packets", "rx_bytes", "tx_packets", "tx_bytes", "rx_dropped", "rx_frame_err", "rx_over_err",
                  "rx_crc_err", "rx_errors", "tx_dropped", "collisions", "tx_errors"}
    keys = set(re.findall(r"(\w+)=", s.get("Interface", "v-a", "statistics")))
    assert keys <= documented, keys - documented


@with_switch
def a_missing_device_is_an_error_until_it_appears(s):
    s.vsctl("add-br", "br0")
    done = s.vsctl("add-port", "br0", "nodev", check=False)
    assert "could not open network device nodev (No such device)" in done.stderr, done.stderr
    assert s.get("Interface", "nodev", "ofport") == "-1"
    run("ip", "-n", s.ns, "link", "add", "nodev", "type", "veth", "peer", "name", "nodevp")
    wait_for("the port to work", lambda: s.get("Interface", "nodev", "ofport") == "1")
    assert s.get("Interface", "nodev", "error") == "[]"


@with_switch
def an_unknown_type_is_an_error(s):
    s.vsctl("add-br", "br0")
    s.vsctl("add-port", "br0", "x", "--", "set", "Interface", "x", "type=fooo", check=False)
    assert s.get("Interface", "x", "error") == \
        '"could not open network device x (Address family not supported by protocol)"'
    done = s.vsctl("add-br", "br9", "--", "set", "Bridge", "br9", "datapath_type=foo", check=False)
    assert "br9" in done.stderr, done.stderr
    assert "unknown datapath type foo" in s.log()


@with_switch
def a_veth_that_vanishes_and_returns_is_picked_up(s):
    s.vsctl("add-br", "br0")
    a, b = s.host("a", "10.1.1.1/24", "br0"), s.host("b", "10.1.1.2/24", "br0")
    s.pings(a, "10.1.1.2")
    number = s.get("Interface", "v-b", "ofport")
    run("ip", "-n", s.ns, "link", "del", "v-b")
    wait_for("the port to be down", lambda: s.get("Interface", "v-b", "link_state") == "down")
    run("ip", "-n", s.ns, "link", "add", "v-b", "type", "veth", "peer", "name", "eth0", "netns", b)
    run("ip", "-n", s.ns, "link", "set", "v-b", "up")
    run("ip", "-n", b, "addr", "add", "10.1.1.2/24", "dev", "eth0")
    run("ip", "-n", b, "link", "set", "eth0", "up")
    run("ip", "-n", a, "neigh", "flush", "all")   # the new device has another address
    s.pings(a, "10.1.1.2")
    assert s.get("Interface", "v-b", "ofport") == number


@with_switch
def internal_ports_move_and_survive_a_crash(s):
    s.vsctl("add-br", "br0")
    spaces = []
    for n in (1, 2):
        ns = s.add_namespace(f"i{n}{s.id}")
        spaces.append(ns)
        s.vsctl("add-port", "br0", f"tap{n}", "--", "set", "Interface", f"tap{n}", "type=internal")
        run("ip", "-n", s.ns, "link", "set", f"tap{n}", "netns", ns)
        run("ip", "-n", ns, "addr", "add", f"10.2.2.{n}/24", "dev", f"tap{n}")
        run("ip", "-n", ns, "link", "set", f"tap{n}", "up")
    s.pings(spaces[0], "10.2.2.2")
    before = [re.search(r"link/ether (\S+)", s.link(f"tap{n}", spaces[n - 1])).group(1) for n in (1, 2)]
    s.kill_vswitchd()
    assert s.link("tap1", spaces[0]), "the port went with the daemon"
    s.start_vswitchd()
    s.pings(spaces[0], "10.2.2.2")
    after = [re.search(r"link/ether (\S+)", s.link(f"tap{n}", spaces[n - 1])).group(1) for n in (1, 2)]
    assert before == after
    s.vsctl("del-port", "br0", "tap1")
    wait_for("the port to go", lambda: not s.link("tap1", spaces[0]))


@with_switch
def a_crashed_switch_comes_back_as_it_was(s):
    s.vsctl("add-br", "br0")
    a, b = s.host("a", "10.1.1.1/24", "br0"), s.host("b", "10.1.1.2/24", "br0")
    s.pings(a, "10.1.1.2")
    columns = [s.get("Bridge", "br0", "datapath_id"), s.get("Interface", "v-b", "ofport"), s.get("Interface", "br0", "mac_in_use")]
    s.kill_vswitchd()
    s.start_vswitchd()
    s.pings(a, "10.1.1.2")
    assert columns == [s.get("Bridge", "br0", "datapath_id"), s.get("Interface", "v-b", "ofport"),
                       s.get("Interface", "br0", "mac_in_use")]


@with_switch
def forwarding_goes_on_without_the_database(s):
    s.vsctl("add-br", "br0")
    a, b = s.host("a", "10.1.1.1/24", "br0"), s.host("b", "10.1.1.2/24", "br0")
    s.pings(a, "10.1.1.2")
    s.kill_server()
    assert s.ping(a, "10.1.1.2")
    assert s.ping(b, "10.1.1.1")
    s.start_server()
    wait_for("the switch to come back to the database",
             lambda: s.vsctl("--timeout=5", "add-br", "br1", check=False).returncode == 0, 20)
    assert s.get("Interface", "br1", "ofport") == "65534"
    assert s.ping(a, "10.1.1.2")


@with_switch
def access_ports_of_one_vlan_meet_and_others_do_not(s):
    s.vsctl("add-br", "br0")
    a = s.host("a", "10.3.3.1/24", "br0", "tag=10")
    b = s.host("b", "10.3.3.2/24", "br0", "tag=10")
    c = s.host("c", "10.3.3.3/24", "br0", "tag=20")
    s.pings(a, "10.3.3.2")
    assert not s.ping(a, "10.3.3.3")
    s.vsctl("set", "Port", "v-c", "tag=10")
    s.pings(a, "10.3.3.3")


@with_switch
def a_trunk_between_bridges_carries_its_vlans(s):
    s.vsctl("add-br", "br0", "--", "add-br", "br1")
    run("ip", "-n", s.ns, "link", "add", "tr0", "type", "veth", "peer", "name", "tr1")
    for n in (0, 1):
        run("ip", "-n", s.ns, "link", "set", f"tr{n}", "up")
        s.vsctl("add-port", f"br{n}", f"tr{n}", "trunks=10")
    a, t = s.host("a", "10.3.3.1/24", "br0", "tag=10"), s.host("t", "10.3.3.9/24", "br1", "tag=10")
    s.pings(a, "10.3.3.9")
    s.vsctl("set", "Port", "tr1", "trunks=11")
    wait_for("the trunk to stop carrying VLAN 10", lambda: not s.ping(a, "10.3.3.9", 1))
    s.vsctl("set", "Port", "tr1", "vlan_mode=native-untagged", "tag=10")
    s.vsctl("set", "Port", "tr0", "vlan_mode=native-untagged", "tag=10")
    s.pings(a, "10.3.3.9")


@with_switch
def a_fake_bridge_is_a_vlan(s):
    s.vsctl("add-br", "br0")
    s.vsctl("add-br", "vlan10", "br0", "10")
    a = s.host("a", "10.3.3.1/24", "br0", "tag=10")
    run("ip", "-n", s.ns, "addr", "add", "10.3.3.254/24", "dev", "vlan10")
    run("ip", "-n", s.ns, "link", "set", "vlan10", "up")
    s.pings(a, "10.3.3.254")
    assert s.get("Interface", "vlan10", "mac_in_use") == s.get("Interface", "br0", "mac_in_use")


@with_switch
def patch_ports_join_bridges(s):
    s.vsctl("add-br", "br0", "--", "add-br", "br1")
    a, b = s.host("a", "10.1.1.1/24", "br0"), s.host("b", "10.1.1.2/24", "br1")
    s.vsctl("add-port", "br0", "p0", "--", "set", "Interface", "p0", "type=patch", "options:peer=p1")
    assert "No usable peer 'p1' exists in 'system' datapath." in s.get("Interface", "p0", "error")
    assert not s.ping(a, "10.1.1.2", 1)
    s.vsctl("add-port", "br1", "p1", "--", "set", "Interface", "p1", "type=patch", "options:peer=p0")
    s.pings(a, "10.1.1.2")
    assert s.get("Interface", "p0", "error") == "[]"
    s.vsctl("del-port", "p1")
    wait_for("the bridges to be apart", lambda: not s.ping(a, "10.1.1.2", 1))


@with_switch
def an_arp_request_is_answered_once(s):
    s.vsctl("add-br", "br0")
    a, b = s.host("a", "10.1.1.1/24", "br0"), s.host("b", "10.1.1.2/24", "br0")
    s.pings(a, "10.1.1.2")
    # The address stands on the device beside the switch as well: the host's own stack must not see the request.
    run("ip", "-n", s.ns, "addr", "add", "10.1.1.2/24", "dev", "v-a")
    mac_b = re.search(r"link/ether (\S+)", s.link("eth0", b)).group(1)
    mac_port = re.search(r"link/ether (\S+)", s.link("v-a")).group(1)
    assert who_has(a, "10.1.1.1", "10.1.1.2") == [mac_b]
    # Without the port the host's stack is as it was before: now it answers, and nobody else does.
    s.vsctl("del-port", "br0", "v-a")
    wait_for("the host's own answer", lambda: who_has(a, "10.1.1.1", "10.1.1.2") == [mac_port])


def who_has(ns, own, wanted):
    return run("ip", "netns", "exec", ns, "python3", SUPPORT / "count_arp.py", "eth0", own, wanted).stdout.split()


@with_switch
def requested_numbers_and_mtu_are_honoured(s):
    s.vsctl("add-br", "br0")
    s.host("a", None, "br0")
    s.vsctl("set", "Interface", "v-a", "ofport_request=9")
    assert s.get("Interface", "v-a", "ofport") == "9"
    s.vsctl("set", "Interface", "v-a", "mtu_request=1400")
    assert s.get("Interface", "v-a", "mtu") == "1400"
    wait_for("the local port to follow", lambda: s.get("Interface", "br0", "mtu") == "1400")
    s.vsctl("set", "Bridge", "br0", "other_config:hwaddr=02:aa:bb:cc:dd:ee")
    assert s.get("Interface", "br0", "mac_in_use") == '"02:aa:bb:cc:dd:ee"'
    assert s.get("Bridge", "br0", "datapath_id") == '"000002aabbccddee"'


@with_switch
def exit_leaves_ports_and_cleanup_takes_them(s):
    s.vsctl("add-br", "br0")
    s.exit_vswitchd()
    assert s.link("br0"), "exit took the port"
    s.start_vswitchd()
    wait_for("the bridge", lambda: s.get("Interface", "br0", "ofport") == "65534")
    s.exit_vswitchd("--cleanup")
    assert not s.link("br0"), "cleanup left the port"


@with_switch
def an_orphan_is_removed_at_the_next_start(s):
    s.vsctl("add-br", "br0")
    s.vsctl("add-port", "br0", "tap9", "--", "set", "Interface", "tap9", "type=internal")
    s.kill_vswitchd()
    s.vsctl("--no-wait", "del-port", "br0", "tap9")
    s.start_vswitchd()
    wait_for("the orphan to go", lambda: not s.link("tap9"))
    assert s.link("br0")


@with_switch
def many_ports_come_and_go_at_once(s):
    s.vsctl("add-br", "br0")
    words = []
    for n in range(100):
        words += ["--", "add-port", "br0", f"m{n}", "--", "set", "Interface", f"m{n}", "type=internal"]
    s.vsctl(*words[1:])
    assert s.get("Interface", "m99", "error") == "[]"
    assert s.link("m99")
    s.vsctl("del-br", "br0")
    wait_for("all ports to go", lambda: not s.link("m0") and not s.link("m99"))


if __name__ == "__main__":
    main()
