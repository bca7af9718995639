#!/usr/bin/env python3
"""What the userspace datapath says it can do, and that it says so of what it cannot."""
import pathlib
import re
import sys

SUPPORT = pathlib.Path(__file__).resolve().parents[1] / "support"
sys.path.insert(0, str(SUPPORT))
from switch_lab import Switch, main, test, wait_for  # noqa: E402

UNSUPPORTED = " (Operation not supported)"
switch = None


def lab():
    global switch
    if not switch:
        switch = Switch()
        switch.vsctl("add-br", "br0", "--", "set", "bridge", "br0", "datapath_type=netdev")
    return switch


def refused(s, *words):
    done = s.appctl(*words, check=False)
    assert done.returncode == 2 and not done.stdout, (words, done)
    return done.stderr.splitlines()[0]


@test
def features_are_shown_by_bridge():
    s = lab()
    shown = dict(line.split(": ") for line in s.appctl("dpif/show-dp-features", "br0").stdout.splitlines())
    assert shown["Ufid"] == "Yes" and shown["Max VLAN headers"] == "2" and shown["CT state"] == "No", shown
    assert all(value in ("Yes", "No") or value.isdigit() for value in shown.values()), shown
    assert refused(s, "dpif/show-dp-features", "nope") == "no such bridge"


@test
def capabilities_stand_in_a_row_that_somebody_made():
    s = lab()
    s.vsctl("--id=@d", "create", "Datapath", "datapath_version=x", "--", "set", "Open_vSwitch", ".", "datapaths:netdev=@d")
    row = s.vsctl("--bare", "--columns=_uuid", "list", "Datapath").stdout.strip()
    found = wait_for("capabilities", lambda: dict(re.findall(r'(\w+)="(\w+)"', s.get("Datapath", row, "capabilities"))))
    assert found["ufid"] == "true" and found["ct_flush"] == "false" and found["max_vlan_headers"] == "2", found
    listed = dict(line.split("=") for line in s.vsctl("list-dp-cap", "netdev").stdout.split())
    assert listed == found, listed


@test
def features_are_taken_away_and_given_back():
    s = lab()
    line = lambda name: s.appctl("dpif/set-dp-features", "br0", name).stdout
    assert line("trunc") == "trunc (Truncate action) : [run time]:true, [boot time]:true\n"
    s.appctl("dpif/set-dp-features", "br0", "trunc", "false")
    assert line("trunc") == "trunc (Truncate action) : [run time]:false, [boot time]:true\n"
    s.appctl("dpif/set-dp-features", "br0", "trunc", "TRUE")
    assert line("trunc").count("true") == 2
    for words, error in ((("nope", "true"), "Unexpected support field"), (("trunc", "1"), "Boolean value expected"),
                         (("max_hash_alg", "x"), "Integer number expected"),
                         (("max_hash_alg", "9"), "Can not set value beyond the datapath capability"),
                         (("ct_state", "true"), "Can not enable features not supported by the datapath"),
                         (("ufid", "false"), "ovs-vswitchd cannot do without ufid")):
        assert refused(s, "dpif/set-dp-features", "br0", *words) == error
    assert len(s.appctl("dpif/set-dp-features", "br0").stdout.splitlines()) > 25


@test
def connections_are_not_tracked_here():
    s = lab()
    for words, error in (("dump-conntrack", "dumping conntrack entries failed"), ("flush-conntrack", "failed to flush conntrack"),
                         ("dump-conntrack -m -s netdev@ovs-netdev", "dumping conntrack entries failed"),
                         ("ct-stats-show netdev@ovs-netdev zone=5 -m", "dumping conntrack entries failed"),
                         ("ct-get-limits", "failed to get conntrack limit"), ("ct-get-maxconns", "maxconns could not be retrieved"),
                         ("ipf-get-status", "ipf status could not be retrieved")):
        command, *rest = words.split()
        assert refused(s, f"dpctl/{command}", *rest) == f"ovs-vswitchd: {error}{UNSUPPORTED}", words
    assert refused(s, "dpctl/ct-get-nconns", "a", "b") == '"dpctl/ct-get-nconns" command takes at most 1 arguments'
    assert refused(s, "dpctl/ct-set-maxconns", "-m") == '"dpctl/ct-set-maxconns" command requires at least 1 arguments'


main()
