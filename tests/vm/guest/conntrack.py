"""The conntrack commands of our ovs-dpctl beside those of Debian's, on one table: the same words, the same answers.

One source for every module. Entries are made with conntrack(8), which can make any, and by traffic through a pipeline.
"""
import os
import pathlib
import re
import subprocess

os.environ["TURNOUT_REFERENCE"] = "ovsdb-server,ovsdb-tool,ovs-vswitchd,ovs-vsctl,ovs-appctl,ovs-ofctl"
import switch_lab   # noqa: E402
from switch_lab import BIN, Switch, run, test, wait_for   # noqa: E402
from traffic import connect, listening, pipeline, two_hosts, with_switch   # noqa: E402

OURS, THEIRS = f"{BIN}/ovs-dpctl", "/usr/bin/ovs-dpctl"
TCP_STATES = "NONE SYN_SENT SYN_RECV ESTABLISHED FIN_WAIT CLOSE_WAIT LAST_ACK TIME_WAIT CLOSE SYN_SENT2".split()
SCTP_STATES = "CLOSED COOKIE_WAIT COOKIE_ECHOED ESTABLISHED SHUTDOWN_SENT SHUTDOWN_RECD SHUTDOWN_ACK_SENT".split()


def told(program, *words, ns=None, env=None):
    prefix = ["ip", "netns", "exec", ns] if ns else []
    done = subprocess.run([*prefix, program, *words], capture_output=True, text=True, timeout=60,
                          env=dict(os.environ, **(env or {})))
    # Debian's tool also logs on standard error; an answer never begins with a date.
    errors = [line for line in done.stderr.splitlines() if not line.startswith("20")]
    return done.returncode, re.sub(r"timeout=\d+", "timeout=N", done.stdout), errors


def same(*words, **where):
    """For what changes nothing, or fails on both."""
    ours, theirs = told(OURS, *words, **where), told(THEIRS, *words, **where)
    for mine, other in zip(ours[1].splitlines(), theirs[1].splitlines()):
        assert mine == other, f"{words}\nours:   {mine}\ntheirs: {other}"
    assert ours == theirs, f"{words}\nours:   {ours}\ntheirs: {theirs}"
    return ours[1]


def refused(error, *words):
    """Words that Debian's 3.1 passes over, or dies of (tests/differential/permitted.md)."""
    before = count()
    status, out, errors = told(OURS, *words)
    assert (status, out, errors) == (1, "", [f"ovs-dpctl: {error} (Invalid argument)"]), (words, status, out, errors)
    assert count() == before, words


def connections():
    """Of every kind that conntrack(8) can make, as its words."""
    for i, state in enumerate(TCP_STATES):
        yield f"-p tcp -s 10.0.0.1 -d 10.0.0.{i} --sport {1000 + i} --dport 80 --state {state}"
    for i, state in enumerate(SCTP_STATES):
        yield f"-p sctp -s 10.0.1.1 -d 10.0.1.{i} --sport {1000 + i} --dport 80 --state {state} --orig-vtag 1 --reply-vtag 2"
    yield "-p tcp -s 10.0.2.1 -d 10.0.2.2 --sport 5 --dport 80 --state ESTABLISHED -u ASSURED,SEEN_REPLY --mark 7 -w 5"
    yield "-p tcp -s 10.0.2.1 -d 10.0.2.2 --sport 6 --dport 80 --state ESTABLISHED -n 10.9.9.9"
    yield "-p tcp -s 10.0.2.1 -d 10.0.2.2 --sport 7 --dport 80 --state ESTABLISHED -g 10.8.8.8"
    yield "-p tcp -s fd00::1 -d fd00::2 --sport 6 --dport 80 --state ESTABLISHED -w 65535"
    yield "-p udp -s 10.0.0.1 -d 10.0.0.2 --sport 5 --dport 53 -u ASSURED,SEEN_REPLY,FIXED_TIMEOUT"
    yield "-p udp -s fd00::1 -d fd00::2 --sport 5 --dport 53 -w 3"
    yield "-p udplite -s 10.0.0.1 -d 10.0.0.2 --sport 5 --dport 53"
    yield "-p dccp -s 10.0.0.1 -d 10.0.0.2 --sport 5 --dport 53 --state OPEN --role client"
    yield "-p icmp -s 10.0.0.1 -d 10.0.0.2 --icmp-type 8 --icmp-code 0 --icmp-id 77"
    yield "-p icmpv6 -s fd00::1 -d fd00::2 --icmpv6-type 128 --icmpv6-code 0 --icmpv6-id 78 -w 3 -m 0x10"
    yield "-p gre -s 10.0.0.1 -d 10.0.0.2 --srckey 5 --dstkey 6"
    yield "-p 2 -s 10.0.0.1 -d 10.0.0.2"
    yield "-p 89 -s 10.0.0.1 -d 10.0.0.2"


def fill():
    """The table holds connections() and nothing else."""
    run("conntrack", "-F", check=False)
    pathlib.Path("/tmp/connections").write_text("".join(f"-I -t 1000 {words}\n" for words in connections()))
    run("conntrack", "-R", "/tmp/connections")
    assert count() == len(list(connections()))


def count():
    return int(run("conntrack", "-C").stdout)


def lines(*words):
    return set(told(OURS, *words)[1].splitlines())


@test
def without_a_datapath_there_is_no_table_to_mean():
    for command in ("dump-conntrack", "flush-conntrack", "ct-stats-show", "ct-bkts", "ct-get-limits"):
        same(command)
    assert told(OURS, "add-dp", "dp0") == (0, "", [])


@test
def every_kind_of_connection_is_shown_alike():
    for name in ("acct", "timestamp"):
        with open(f"/proc/sys/net/netfilter/nf_conntrack_{name}", "w") as switch:
            switch.write("1")
    fill()
    for options in ([], ["-m"], ["-s"], ["-m", "-s"]):
        out = same(*options, "dump-conntrack")
        assert len(out.splitlines()) == count(), out
        for zone in ("0", "3", "5", "65535", "77"):
            same(*options, "dump-conntrack", "dp0", f"zone={zone}")
    same("-s", "dump-conntrack", env={"TZ": "XYZ+5"})
    same("dump-conntrack", "nodp")
    same("dump-conntrack", "system@dp0")
    same("dump-conntrack", "netdev@dp0")
    for zone in ("x", "", "70000", "5foo", "-1"):
        refused("failed to parse zone", "dump-conntrack", f"zone={zone}")
    refused("invalid argument foo", "dump-conntrack", "dp0", "foo")


@test
def connections_are_counted_alike():
    shown = lambda *words: [line for line in told(OURS, *words)[1].splitlines() if "ICMPV6" not in line]
    for words in ([], ["dp0"], ["zone=5"], ["dp0", "zone=99"], ["verbose"]):
        for options in ([], ["-m"], ["-s"]):
            ours, theirs = shown(*options, "ct-stats-show", *words), told(THEIRS, *options, "ct-stats-show", *words)[1].splitlines()
            assert ours == theirs, (words, ours, theirs)
    assert "  ICMPV6: 1\n" in told(OURS, "ct-stats-show", "zone=3")[1]   # which Debian's counts in the total alone
    same("ct-stats-show", "nodp")
    refused("failed to parse zone", "ct-stats-show", "zone=x")


@test
def what_the_kernel_does_not_have_is_refused_alike():
    for words in ("ct-bkts", "ct-bkts gt=1", "ct-bkts dp0 gt=0", "ct-bkts nodp", "ct-set-maxconns", "ct-set-maxconns 5",
                  "ct-set-maxconns x", "ct-set-maxconns dp0 5", "ct-set-maxconns nodp 5", "ct-set-maxconns dp0 5 6",
                  "ct-get-maxconns", "ct-get-maxconns dp0", "ct-get-maxconns nodp", "ct-get-maxconns dp0 x", "ct-get-nconns",
                  "ct-get-nconns nodp", "ct-enable-tcp-seq-chk", "ct-disable-tcp-seq-chk", "ct-get-tcp-seq-chk",
                  "ct-enable-tcp-seq-chk dp0", "ct-get-tcp-seq-chk nodp", "ct-enable-tcp-seq-chk dp0 x", "ipf-set-enabled",
                  "ipf-set-enabled v4", "ipf-set-enabled dp0 v6", "ipf-set-enabled x", "ipf-set-disabled v4",
                  "ipf-set-disabled dp0 x", "ipf-set-min-frag v4 500", "ipf-set-min-frag dp0 v6 500", "ipf-set-min-frag x 500",
                  "ipf-set-min-frag v4 x", "ipf-set-min-frag v4", "ipf-set-min-frag nodp v4 500", "ipf-set-max-nfrags 5",
                  "ipf-set-max-nfrags x", "ipf-set-max-nfrags dp0 5", "ipf-set-max-nfrags", "ipf-get-status", "-m ipf-get-status",
                  "ipf-get-status nodp", "ipf-get-status dp0 x"):
        same(*words.split())
    for words in ("ct-get-sweep-interval", "ct-set-sweep-interval 500"):   # of newer releases
        status, out, errors = told(OURS, *words.split())
        assert status == 1 and not out and errors[0].endswith("(Operation not supported)"), (words, errors)


@test
def zones_have_limits():
    same("ct-get-limits")
    same("ct-get-limits", "zone=5,6")
    for program in (OURS, THEIRS):
        assert told(program, "ct-set-limits", "dp0", "default=11", "zone=8,limit=4", "limit=2,zone=9", "zone=5,limit=0") == (0, "", [])
        assert same("ct-get-limits") == ("default limit=11\nzone=5,limit=0,count=0\nzone=8,limit=4,count=0\n"
                                         "zone=9,limit=2,count=0\n")
        assert same("ct-get-limits", "dp0", "zone=9,100") == "default limit=11\nzone=9,limit=2,count=0\nzone=100,limit=11,count=0\n"
        assert told(program, "ct-del-limits", "zone=8,9") == (0, "", [])
        assert told(program, "ct-del-limits", "dp0", "zone=5") == (0, "", [])
        assert told(program, "ct-set-limits", "default=0") == (0, "", [])
    for words in ("", "default=x", "default=", "zone=5", "zone=5,limit=", "zone=5,limit=x", "zone=x,limit=4", "zone=70000,limit=4",
                  "zone=5,limit=3,foo=1", "foo", "nodp default=3", "zone=5,limit=3 default=12", "default=1 default=2", "dp0 foo",
                  "zone=,limit=5", "zone=5,limit=3 foo"):
        same("ct-set-limits", *words.split())
    for words in ("", "zone=x", "foo", "nodp zone=5", "dp0 foo", "zone=5,x"):
        if words != "nodp zone=5":
            same("ct-del-limits", *words.split())
    for words in ("nodp", "zone=x", "zone=5,x", "dp0 foo"):
        same("ct-get-limits", *words.split())
    refused("no limit is given", "ct-set-limits", "dp0")
    refused("no zone is given", "ct-del-limits", "dp0")
    refused("invalid zone", "ct-get-limits", "zone=")
    refused("invalid zone", "ct-del-limits", "zone=")
    refused("invalid zone", "ct-get-limits", "zone=70000")
    refused("failed to parse field limit", "ct-set-limits", "zone=5,limit=4294967296")
    assert told(OURS, "ct-set-limits", "default=9") == (0, "", [])
    assert told(OURS, "ct-del-limits", "default") == (0, "", [])
    assert same("ct-get-limits") == "default limit=0\n"


@test
def a_flush_takes_the_same_connections():
    for words in (["zone=5"], ["zone=3"], ["zone=0"], ["ct_nw_proto=17"], ["zone=3", "ct_nw_proto=17"],
                  ["ct_nw_proto=6,ct_tp_src=1002"], ["ct_nw_dst=10.0.0.4"], ["zone=65535", "ct_ipv6_src=fd00::1"],
                  ["", "ct_nw_dst=10.9.9.9"], ["", "ct_nw_src=10.8.8.8,ct_nw_proto=6"],
                  ["ct_nw_proto=6", "ct_nw_proto=6,ct_tp_dst=1003"],
                  ["ct_nw_src=10.0.0.1,ct_nw_dst=10.0.0.3,ct_nw_proto=6,ct_tp_src=1003,ct_tp_dst=80"],
                  ["ct_nw_src=10.0.0.1,ct_nw_dst=10.0.0.2,ct_nw_proto=1,icmp_type=8,icmp_code=0,icmp_id=77"], [], ["", ""]):
        left = []
        for program in (OURS, THEIRS):
            fill()
            before = count()
            assert told(program, "flush-conntrack", *words) == (0, "", []), (program, words)
            assert count() < before, (program, words)
            left.append(lines("dump-conntrack"))
        assert left[0] == left[1], f"{words}\nours only:   {left[0] - left[1]}\ntheirs only: {left[1] - left[0]}"
    fill()
    same("flush-conntrack", "ct_nw_src=9.9.9.9,ct_nw_dst=10.0.0.3,ct_nw_proto=6,ct_tp_src=1003,ct_tp_dst=80")
    same("flush-conntrack", "zone=77")


@test
def a_flush_takes_what_debians_misses():
    def takes(number, *words):
        fill()
        before = count()
        assert told(OURS, "flush-conntrack", *words) == (0, "", []), words
        assert before - count() == number, (words, before - count())
    takes(1, "dp0", "zone=5")
    takes(1, "dp0", "zone=5", "ct_nw_proto=6")
    takes(1, "ct_nw_proto=1,icmp_id=77")
    takes(1, "icmp_type=8,ct_nw_proto=1")
    takes(0, "ct_nw_proto=6,ct_tp_src=0")
    takes(0, "ct_nw_dst=0.0.0.0")
    takes(1, "ct_nw_proto=47,ct_tp_src=5")
    takes(8, "ct_nw_dst=10.0.0.2")   # of every protocol
    takes(1, "mark=7")
    takes(1, "mark=0x10/0xf0")
    takes(2, "zone=3")
    takes(0, "labels=0x1")


@test
def a_wrong_flush_is_refused_alike():
    fill()
    before = count()
    for words in ("foo", "zone=x", "zone=", "nodp", "zone=5 foo", "ct_nw_src=x", "ct_nw_src=10.0.0.1,ct_foo=3", "ct_nw_src",
                  "ct_nw_src=10.0.0.1,ct_ipv6_src=fd00::1", "ct_nw_src=10.0.0.1/24", "ct_tp_src=80", "ct_nw_proto=x",
                  "ct_nw_proto=300", "ct_nw_proto=6,ct_tp_src=70000", "ct_nw_proto=6,icmp_id=7", "icmp_id=7",
                  "ct_nw_proto=6,ct_tp_src=", "ct_nw_src=10.0.0.1,ct_nw_src=10.0.0.1", "ct_nw_proto=1,icmp_type=300",
                  "ct_nw_src=fd00::1", "ct_nw_src=1.1.1.1,ct_ipv6_dst=::1"):
        same("flush-conntrack", *words.split())
    assert count() == before
    for error, words in (("failed to parse zone", "zone=70000"), ("failed to parse zone", "zone=5x"),
                         ("failed to parse mark", "mark=x"), ("failed to parse labels", "labels=/1"),
                         ("field foo missing value", "dp0 foo"), ("invalid L4 fields", "ct_nw_proto=1,ct_tp_src=7")):
        refused(error, "flush-conntrack", *words.split())


@test
def with_two_datapaths_one_must_be_named():
    told(OURS, "add-dp", "dp1")
    for words in ("dump-conntrack", "ct-stats-show", "flush-conntrack", "flush-conntrack zone=7", "ct-get-limits",
                  "ct-set-limits default=5", "ct-set-maxconns 5", "ct-bkts"):
        same(*words.split())
    same("dump-conntrack", "dp1")
    for name in ("dp0", "dp1"):
        told(OURS, "del-dp", name)


@with_switch
def connections_that_traffic_made(s):
    a, b = two_hosts(s)
    # Nothing may expire between two looks: emulation is slow.
    for name, value in (("acct", 1), ("timestamp", 1), ("icmp_timeout", 900), ("tcp_timeout_time_wait", 900)):
        run("ip", "netns", "exec", s.ns, "sh", "-c", f"echo {value} >/proc/sys/net/netfilter/nf_conntrack_{name}")
    pipeline(s, "table=0,priority=5,ip,ct_state=-trk,actions=ct(table=1,zone=7)",
             "table=1,priority=6,tcp,in_port=1,ct_state=+trk+new,tp_dst=21,actions=ct(commit,zone=7,alg=ftp,"
             "exec(set_field:0x1234->ct_mark,set_field:0x1/0x1->ct_label)),output:2",
             "table=1,priority=5,ip,in_port=1,ct_state=+trk+new,actions=ct(commit,zone=7,nat(src=10.1.1.1),"
             "exec(set_field:0x112233445566778899aabbccddeeff00->ct_label)),output:2",
             "table=1,priority=5,tcp,ct_state=+trk+rel,actions=ct(commit,zone=7),NORMAL",
             "table=1,priority=4,ip,ct_state=+trk+est,actions=NORMAL")
    with listening(b, "10.1.1.2", 21) as control, listening(a, "10.1.1.1", 4000) as data, connect(a, "10.1.1.2", 21) as client:
        server, _ = control.accept()
        for line in (b"USER somebody\r\n", b"PORT 10,1,1,1,15,160\r\n"):   # port 15 * 256 + 160 = 4000
            client.sendall(line)
            assert server.recv(100) == line
        expected = told(OURS, "-s", "dump-conntrack-exp", ns=s.ns)[1]
        assert re.fullmatch(r"tcp,orig=\(src=10.1.1.2,dst=10.1.1.1,sport=0,dport=4000\),timeout=N,helper=ftp,"
                            r"parent=\(src=10.1.1.1,dst=10.1.1.2,sport=\d+,dport=21\)\n", expected), expected
        assert told(OURS, "dump-conntrack-exp", "zone=7", ns=s.ns) == (
            1, "", ["ovs-dpctl: dumping conntrack expectations failed (Operation not supported)"])
        connect(b, "10.1.1.1", 4000, bind=("10.1.1.2", 20)).close()
        data.accept()[0].close()
        s.pings(a, "10.1.1.2")
        for options in ([], ["-m"], ["-s"], ["-m", "-s"]):
            same(*options, "dump-conntrack", "zone=7", ns=s.ns)
        shown = same("-m", "-s", "dump-conntrack", ns=s.ns)
        for part in ("helper=ftp", "parent=(src=10.1.1.1,dst=10.1.1.2,", "labels=0x112233445566778899aabbccddeeff00", "packets=",
                     "mark=4660", "start=20", "wscale_orig=", "EXPECTED|"):
            assert part in shown, (part, shown)
        same("-m", "ct-stats-show", ns=s.ns)
        same("ct-get-limits", "zone=7", ns=s.ns)
        # The data connection took mark and label of its parent.
        assert told(OURS, "flush-conntrack", "zone=7", "mark=0x1000/0xf000", "labels=1/1", "ct_nw_src=10.1.1.2", ns=s.ns) == (0, "", [])
        left = same("dump-conntrack", ns=s.ns)
        assert "dport=4000" not in left and "dport=21" in left and "icmp" in left, left
        server.close()


def features(reference):
    """(what dpif/show-dp-features prints, capabilities) of ours or Debian's ovs-vswitchd on this module."""
    before = switch_lab.REFERENCE
    switch_lab.REFERENCE = before if reference else before - {"ovs-vswitchd"}
    s = Switch()
    try:
        s.vsctl("add-br", "br0", "--", "--id=@d", "create", "Datapath", "datapath_version=x", "--", "set", "Open_vSwitch", ".", "datapaths:system=@d")
        row = s.vsctl("--bare", "--columns=_uuid", "list", "Datapath").stdout.strip()
        shown = wait_for("capabilities", lambda: re.findall(r'(\w+)="(\w+)"', s.get("Datapath", row, "capabilities")))
        text = s.appctl("dpif/show-dp-features", "br0").stdout
        assert not [line for line in s.complaints() if "probe" in line], s.complaints()
        left = subprocess.run(["ip", "netns", "exec", s.ns, THEIRS, "dump-flows", "ovs-system"], capture_output=True, text=True).stdout
        assert "eth_type(0x88b5)" not in left, left
        return text, dict(shown), s.appctl("dpif/set-dp-features", "br0", "ct_clear").stdout
    finally:
        s.close()
        switch_lab.REFERENCE = before


@test
def both_daemons_find_the_same_features():
    ours, theirs = features(False), features(True)
    extra = [line for line in ours[0].splitlines() if line not in theirs[0].splitlines()]
    assert [line for line in ours[0].splitlines() if line not in extra] == theirs[0].splitlines(), (ours[0], theirs[0])
    assert all(line.startswith(("Psample action: ", "Decrement TTL action: ", "Max meters: ")) for line in extra), extra
    assert ours[1].pop("sample_nesting") == "10" and theirs[1].pop("sample_nesting") == "true"   # a number, says the document
    assert ours[1].pop("psample") in ("true", "false")
    assert ours[1] == theirs[1], (ours[1], theirs[1])
    assert ours[2] == theirs[2]


@test
def the_database_limits_zones():
    switch_lab.REFERENCE = switch_lab.REFERENCE - {"ovs-vswitchd", "ovs-vsctl"}
    s = Switch()
    limits = lambda: told(OURS, "ct-get-limits", ns=s.ns)[1]
    try:
        s.vsctl("add-br", "br0", "--", "--id=@d", "create", "Datapath", "datapath_version=x", "--", "set", "Open_vSwitch", ".", "datapaths:system=@d")
        s.vsctl("set-zone-limit", "system", "zone=5", "10", "--", "set-zone-limit", "system", "default", "100")
        wait_for("limits", lambda: limits() == "default limit=100\nzone=5,limit=10,count=0\n")
        told(OURS, "ct-set-limits", "zone=6,limit=7", ns=s.ns)
        s.vsctl("set-zone-limit", "system", "zone=5", "11")
        wait_for("another", lambda: limits() == "default limit=100\nzone=5,limit=11,count=0\nzone=6,limit=7,count=0\n")
        s.vsctl("del-zone-limit", "system", "zone=5", "--", "del-zone-limit", "system", "default")
        wait_for("none", lambda: limits() == "default limit=0\nzone=6,limit=7,count=0\n")
    finally:
        s.close()
