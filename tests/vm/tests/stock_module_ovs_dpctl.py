#!/usr/bin/env python3
# Our ovs-dpctl beside Debian's on the module of the distribution: same state, same words, same output and exit status.
# programs: ovs-dpctl
# modules: openvswitch veth
# deadline: 300

import subprocess

from switch_lab import BIN, main, run, test

OURS, THEIRS = f"{BIN}/ovs-dpctl", "/usr/bin/ovs-dpctl"
ARP = "in_port({}),eth(),eth_type(0x0806),arp()"


def told(program, words, stdin=None):
    done = subprocess.run([program, *words], input=stdin, capture_output=True, text=True, timeout=60)
    # Debian's tool also logs on standard error; an answer never begins with a date.
    errors = [line for line in done.stderr.splitlines() if not line.startswith("20")]
    return done.returncode, done.stdout, errors


def same(*words, stdin=None):
    """For what changes nothing, or fails on both."""
    ours, theirs = told(OURS, words, stdin), told(THEIRS, words, stdin)
    assert ours == theirs, f"{words}\nours:   {ours}\ntheirs: {theirs}"
    return ours[1]


def each_does(words, undo):
    """For changes: made and undone by each in turn, and looked at with the other's eyes."""
    looks = []
    for program, other in ((OURS, THEIRS), (THEIRS, OURS)):
        looks.append((told(program, words), told(other, ["dump-flows", "-m"]), told(other, ["show"])))
        told(program, undo)
    assert looks[0] == looks[1], f"{words}\nours:   {looks[0]}\ntheirs: {looks[1]}"


@test
def no_datapath_is_no_error():
    same("show")
    same("dump-dps")
    same("dump-flows")


@test
def datapaths_are_made_and_deleted():
    assert told(OURS, ["add-dp", "dp0"]) == (0, "", [])
    same("add-dp", "dp0")
    same("add-dp", "lo")
    same("show")
    same("show", "nope")
    same("show", "foo@dp0")
    assert told(THEIRS, ["del-dp", "dp0"]) == (0, "", [])
    same("del-dp", "dp0")


@test
def ports_of_every_kind():
    run("ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1")
    assert told(OURS, ["add-dp", "dp0", "v0"]) == (0, "", [])
    assert told(OURS, ["add-if", "dp0", "i0,type=internal", "v1,port_no=7"]) == (0, "", [])
    assert "port 7: v1" in same("show", "-s")
    for words in (["v0"], ["nope0"], ["i1,type=foo"], ["i2,type=internal,port_no=2"]):
        same("add-if", "dp0", *words)
    for words in (["v0,type=internal"], ["v0,port_no=9"], ["nope"]):
        same("set-if", "dp0", *words)
    for words in (["nope"], ["99"], ["dp0"]):
        same("del-if", "dp0", *words)
    same("add-if", "nodp", "v0")
    assert told(OURS, ["del-if", "dp0", "7"]) == (0, "", [])
    assert "v1" not in same("show")


@test
def flows_of_either_tool_are_seen_by_both():
    each_does(["add-flow", ARP.format(1), "2"], ["del-flow", ARP.format(1)])
    each_does(["add-flow", "dp0", "in_port(1),eth(src=00:00:00:00:00:01,dst=00:00:00:00:00:02),eth_type(0x8100),"
               "vlan(vid=5,pcp=0),encap(eth_type(0x0800),ipv4(frag=no))", "pop_vlan,2"], ["del-flows"])
    for actions in ("ct_clear,2", "clone(push_vlan(vid=5,pcp=0),2),2", "sample(sample=50%,actions(2)),2",
                    "check_pkt_len(size=200,gt(2),le(clone(2)))"):
        each_does(["add-flow", "in_port(1),eth(),eth_type(0x0800),ipv4(frag=no)", actions], ["del-flows"])
    assert told(THEIRS, ["add-flow", ARP.format(1), "2"])[0] == 0
    same("add-flow", ARP.format(1), "2")
    same("dump-flows", "--names")
    same("mod-flow", ARP.format(2), "2")
    assert same("mod-flow", "-s", "--clear", ARP.format(1), "0") == "packets:0, bytes:0, used:never\n"
    same("add-flow", "in_port(1),bogus(1)", "2")
    same("add-flow", ARP.format(1), "bogus")
    same("dump-flows", "filter=arp")
    same("dump-flows", "filter=bogus")
    same("dump-flows", "type=ovs")
    same("get-flow", "ufid:00000000-0000-0000-0000-000000000001")
    assert told(OURS, ["-s", "del-flow", ARP.format(1)]) == (0, "packets:0, bytes:0, used:never\n", [])
    same("del-flow", ARP.format(1))


@test
def flows_come_from_standard_input():
    lines = (f"add {ARP.format(1)} 2\n{ARP.format(2)} 1\n# remark\n\nmodify {ARP.format(2)} 0\n"
             f"delete {ARP.format(1)}\nnonsense\n")
    looks = []
    told(THEIRS, ["del-flows"])
    for program in (OURS, THEIRS):
        looks.append((told(program, ["add-flows", "-"], stdin=lines), told(THEIRS, ["dump-flows"])))
        told(program, ["del-flows", "dp0"])
    assert looks[0] == looks[1], looks
    same("add-flows", "/no/such/file")


@test
def caches_have_a_size():
    assert "new size 512" in told(OURS, ["cache-set-size", "dp0", "masks-cache", "512"])[1]
    same("cache-get-size")
    same("cache-set-size", "dp0", "nope", "512")
    same("cache-set-size", "dp0", "masks-cache", "x")
    same("cache-get-size", "nodp")


main()
