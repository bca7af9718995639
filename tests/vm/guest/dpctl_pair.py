# Our ovs-dpctl beside Debian's on a kernel datapath, of either module: same state, same words, same output and exit status.
# Imported by tests/*_ovs_dpctl.py.

import os
import subprocess

from switch_lab import BIN, run, test

OURS, THEIRS = f"{BIN}/ovs-dpctl", "/usr/bin/ovs-dpctl"
ARP = "in_port({}),eth(),eth_type(0x0806),arp()"


def told(program, words, stdin=None):
    done = subprocess.run([program, *words], input=stdin, capture_output=True, text=True, timeout=60)
    # Debian's tool also logs on standard error; an answer never begins with a date.
    errors = [line for line in done.stderr.splitlines() if not line.startswith("20")]
    # … and prints attributes of newer kernels than its own as numbers.
    return done.returncode, done.stdout.replace(",key32(00 00/00 00)", "").replace(",key32(00 00)", ""), errors


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


IP = "in_port(1),eth(),eth_type(0x0800),ipv4(frag=no)"
TCP = "in_port(1),eth(),eth_type(0x0800),ipv4(proto=6,frag=no),tcp(),tcp_flags(0/0)"
UDP = TCP.replace("proto=6", "proto=17").replace("tcp(),tcp_flags(0/0)", "udp()")
SCTP = TCP.replace("proto=6", "proto=132").replace("tcp(),tcp_flags(0/0)", "sctp()")
IP6 = "in_port(1),eth(),eth_type(0x86dd),ipv6(frag=no)"
MPLS = "in_port(1),eth(),eth_type(0x8847),mpls(label=5,tc=0,ttl=64,bos=1)"
NSH = "in_port(1),eth(),eth_type(0x894f),nsh(mdtype=1,np=3,spi=0x5,si=6)"
TUNNEL = "tun_id=0x5,src=1.1.1.1,dst=2.2.2.2,ttl=64"

# Actions that both tools read.
ACTIONS = [(TCP, a) for a in (
    "set(eth(src=02:00:00:00:00:05)),2", "set(eth(src=02:00:00:00:00:05,dst=02:00:00:00:00:06)),2",
    "set(eth(dst=02:00:00:00:00:00/ff:00:00:00:00:00)),2",
    "set(ipv4(src=1.0.0.0/255.0.0.0)),2", "set(ipv4(src=1.2.3.4,dst=5.6.7.8,tos=0x4,ttl=9)),2", "set(ipv4(tos=0/0x3)),2",
    "set(tcp(src=1)),2", "set(tcp(src=1,dst=2)),2", "set(tcp(dst=0x10/0xf0)),2",
    "set(skb_mark(0x5)),2", "set(skb_mark(0x1/0x3)),2", "set(skb_priority(0x10002)),2",
    f"set(tunnel({TUNNEL},flags(df|csum|key))),2", f"set(tunnel({TUNNEL},flags(key))),2",
    "set(tunnel(tun_id=0x5,dst=2.2.2.2,ttl=64,tp_dst=4789,flags(df|key))),2",
    f"set(tunnel({TUNNEL},vxlan(gbp(id=1,flags=0x8)),flags(df|key))),2",
    f"set(tunnel({TUNNEL},geneve({{class=0xffff,type=0x80,len=4,0xa}}{{class=0x1,type=0x1,len=8,0xabcdef}}),flags(df|key))),2",
    f"set(tunnel({TUNNEL},erspan(ver=1,idx=0x7),flags(df|key))),2", f"set(tunnel({TUNNEL},erspan(ver=2,dir=1,hwid=0x7),flags(df|key))),2",
    "set(tunnel(tun_id=0x5,ipv6_src=fe80::1,ipv6_dst=fe80::2,ttl=64,flags(df|csum|key))),2",
    "ct,recirc(5)", "ct(zone=5),2", "ct(commit,zone=5,mark=0x1/0xf,label=0x5/0xff),2", "ct(force_commit,zone=5),2",
    "ct(commit,label=0x123456789abcdef0123456789abcdef0),2", "ct(commit,helper=ftp),2", "ct(nat),2", "ct(commit,nat(src=10.0.0.1)),2",
    "ct(commit,nat(dst=10.0.0.1-10.0.0.9:80-90,persistent,hash)),2", "ct(commit,zone=1,nat(src=10.0.0.1:80,random)),2",
    "ct_clear,2", "meter(3),2", "trunc(100),2", "recirc(7)", "clone(push_vlan(vid=5,pcp=0),2),2", "sample(sample=50.0%,actions(2)),2",
    "sample(sample=100.0%,actions(userspace(pid=7,sFlow(vid=9,pcp=7,output=10)))),2",
    "userspace(pid=7,slow_path(cfm))", "userspace(pid=7,userdata(0102030405060708)),2", "userspace(pid=7,ipfix(output_port=10),tunnel_out_port=2),2",
    "userspace(pid=7,flow_sample(probability=1,collector_set_id=2,obs_domain_id=3,obs_point_id=4,output_port=5,egress),actions),2",
    "userspace(pid=7,controller(reason=1,dont_send=0,continuation=1,recirc_id=7,rule_cookie=5555,controller_id=9,max_len=65535))",
    "check_pkt_len(size=200,gt(2),le(clone(2)))", "check_pkt_len(size=200,gt(drop),le(set(tcp(src=1)),2))",
    "push_vlan(tpid=0x88a8,vid=5,pcp=3),2",
    "push_nsh(flags=0,ttl=63,mdtype=1,np=3,spi=0x1234,si=255,c1=0x1,c2=0x2,c3=0x3,c4=0x4),recirc(5)",
    "push_nsh(flags=0,ttl=63,mdtype=2,np=3,spi=0x1234,si=255,md2=0x10000a0412345678),recirc(5)")] + [
    (UDP, "set(udp(src=1,dst=2)),2"), (SCTP, "set(sctp(src=1)),2"),
    (IP6, "set(ipv6(src=fe80::1,label=0x12345,tclass=0x70,hlimit=5)),2"), (IP6, "set(ipv6(dst=fe80::/ffc0::)),2"),
    (IP6, "ct(commit,nat(src=fe80::1-fe80::5)),2"), (IP6, "ct(commit,nat(dst=[fe80::1]:80-90)),2"),
    (MPLS, "set(mpls(label=7,tc=1,ttl=5,bos=1)),2")]
# Actions that Debian's tool prints but does not read, or sends in a form that a kernel refuses.
OURS_ALONE = [
    (TCP, "drop"),    (TCP, "hash(l4(0)),recirc(0x5)"), (TCP, "hash(l4(9)),recirc(0x5)"), (NSH, "pop_eth,pop_nsh(),recirc(0x5)"),
    (TCP, "push_mpls(label=100,tc=1,ttl=64,bos=1,eth_type=0x8847),2"), (TCP, "push_mpls(label=100,tc=1,ttl=64,bos=1,eth_type=0x8848),2"),
    (MPLS, "pop_mpls(eth_type=0x800),recirc(0x5)"), (TCP, "pop_eth,push_eth(src=02:00:00:00:00:01,dst=02:00:00:00:00:02),2")]
if os.path.exists("/sys/module/turnout"):     # the stock module refuses every masked set of NSH
    OURS_ALONE += [(NSH, "set(nsh(ttl=20,spi=0x5678)),2"), (NSH, "set(nsh(flags=3,si=3,c1=0x5)),2")]
# Keys beyond those of the actions' flows.
KEYS = [f"tunnel({TUNNEL},{o}),in_port(1),eth(),eth_type(0x1234)" for o in (
    "flags(-df+csum+key)", "flags(df|csum|key)", "tp_src=5,tp_dst=4789/0xff,flags(+key)", "vxlan(gbp(id=1,flags=0x8)),flags(+key)",
    "geneve({class=0xffff,type=0x80,len=4,0xa}),flags(+key)", "geneve({class=0xffff,type=0x80/0xf0,len=4,0xa/0xf}{class=0x1,type=0x1,len=0}),flags(+key)")] + [
    "tunnel(tun_id=0x5/0xf,ipv6_src=fe80::/ffc0::,ipv6_dst=fe80::2,tos=0x4/0xf0,ttl=64),in_port(1),eth(),eth_type(0x1234)",
    "skb_priority(0x5),skb_mark(0x1/0x3),ct_state(+est-rel+trk),ct_zone(0x5),ct_mark(0x1/0xf),ct_label(0x5/0xff)," + IP,
    "recirc_id(0x5),dp_hash(0x1/0xf)," + IP, TCP.replace("0/0", "+syn-ack"), IP.replace("frag=no", "src=1.2.3.0/255.255.255.0,tos=0/0x3,frag=later"),
    "in_port(1),eth(),eth_type(0x0800),ipv4(proto=1,frag=no),icmp(type=8,code=0)",
    "in_port(1),eth(),eth_type(0x86dd),ipv6(label=0x12345,proto=58,frag=no),icmpv6(type=135,code=0),nd(target=fe80::/ffc0::)",
    ARP.format(1).replace("arp()", "arp(sip=1.1.1.1/255.0.0.0,sha=02:00:00:00:00:01)"), MPLS,
    "in_port(1),eth(),eth_type(0x88a8),vlan(vid=5,pcp=0),encap(eth_type(0x8100),vlan(vid=6/0xf),encap(eth_type(0x0806),arp()))"]


def each_in_turn(cases, check):
    """All of them, so that one run shows all that differ."""
    wrong = []
    for case in cases:
        try:
            check(*case)
        except AssertionError as e:
            wrong.append(str(e))
        told(THEIRS, ["del-flows"])
    assert not wrong, "\n".join([f"{len(wrong)} differ", *wrong])


@test
def every_action_of_either_tool_is_read_by_both():
    def check(flow, actions):
        each_does(["add-flow", flow, actions], ["del-flows"])
        assert told(OURS, ["add-flow", flow, actions]) == (0, "", []), (flow, actions)
        assert "actions:" in same("dump-flows", "-m")
    each_in_turn(ACTIONS, check)


@test
def actions_that_only_our_tool_reads_are_printed_by_both():
    def check(flow, actions):
        answer = told(OURS, ["add-flow", flow, actions])
        assert answer == (0, "", []), (flow, actions, answer)
        assert f"actions:{actions}\n" in same("dump-flows"), (flow, actions, told(OURS, ["dump-flows"]))
    each_in_turn(OURS_ALONE, check)


@test
def our_tool_reads_what_it_prints_where_debians_knows_no_name():
    assert told(OURS, ["add-flow", TCP, "dec_ttl(le_1(userspace(pid=7,slow_path(action)))),2"]) == (0, "", [])
    assert "actions:dec_ttl(le_1(userspace(pid=7,slow_path(action)))),2\n" in told(OURS, ["dump-flows"])[1]
    told(OURS, ["del-flows"])


@test
def every_key_of_either_tool_is_read_by_both():
    def check(flow):
        each_does(["add-flow", flow, "2"], ["del-flows"])
        assert told(OURS, ["add-flow", flow, "2"]) == (0, "", []), flow
        same("dump-flows")
    each_in_turn([(k,) for k in KEYS], check)


@test
def what_a_kernel_has_no_form_for_is_refused():
    for flow, actions in ((TCP, "lb_output(1)"), (TCP, "clone(tnl_pop(1))"), (TCP, "set(tunnel(dst=1.1.1.1,ttl=1,gtpu(flags=0x30,msgtype=255)))"),
                          (f"tunnel({TUNNEL},gtpu(flags=0x30,msgtype=255)),{IP}", "2")):
        code, _, errors = told(OURS, ["add-flow", flow, actions])
        assert code == 1 and "kernel datapaths have no" in errors[0], (flow, actions, errors)
    assert same("dump-flows") == ""


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


def link_details(name):
    """Kind and settings of a device, without what differs from device to device."""
    lines = run("ip", "-d", "-o", "link", "show", "dev", name).stdout.split("promiscuity")[1].split("openvswitch_slave")[0]
    return lines.split("maxmtu")[1].split(maxsplit=1)[1]


TUNNELS = {"vx,type=vxlan,remote_ip=flow,key=flow": "vxlan_sys_4789", "vg,type=vxlan,remote_ip=flow,dst_port=4791,exts=gbp": "vxlan_sys_4791",
           "ge,type=geneve,remote_ip=flow": "genev_sys_6081", "g,type=gre,remote_ip=flow": "gre_sys",
           "g6,type=ip6gre,remote_ip=flow": "ip6gre_sys", "e,type=erspan,remote_ip=flow,erspan_ver=1": "erspan_sys",
           "e6,type=ip6erspan,remote_ip=flow,erspan_ver=2": "ip6erspan_sys"}


@test
def tunnels_of_either_tool_are_the_same():
    looks = []
    for program in (THEIRS, OURS):
        told(program, ["add-dp", "dp1"])
        for words in TUNNELS:
            assert told(program, ["add-if", "dp1", words]) == (0, "", []), words
        looks.append((same("show", "dp1"), [link_details(name) for name in TUNNELS.values()]))
        same("set-if", "dp1", "vxlan_sys_4789,type=geneve")
        assert told(OURS, ["del-if", "dp1", *TUNNELS.values()]) == (0, "", [])
        left = run("ip", "-br", "link").stdout
        assert not any(name in left for name in TUNNELS.values()), left
        assert told(program, ["del-dp", "dp1"]) == (0, "", [])
    assert looks[0] == looks[1], f"theirs: {looks[0]}\nours:   {looks[1]}"
    told(OURS, ["add-dp", "dp1", "vx,type=vxlan,remote_ip=flow"])
    for words in (["s,type=stt,remote_ip=flow"], ["l,type=lisp,remote_ip=flow"], ["b,type=bareudp,remote_ip=flow"]):
        same("add-if", "dp1", *words)
    assert "valid 'remote_ip'" in told(OURS, ["add-if", "dp1", "v,type=vxlan"])[2][0]
    told(OURS, ["del-dp", "dp1"])
    assert "vxlan_sys" not in run("ip", "-br", "link").stdout


@test
def caches_have_a_size():
    assert "new size 512" in told(OURS, ["cache-set-size", "dp0", "masks-cache", "512"])[1]
    same("cache-get-size")
    same("offload-stats-show")
    same("offload-stats-show", "nodp")
    same("cache-set-size", "dp0", "nope", "512")
    same("cache-set-size", "dp0", "masks-cache", "x")
    same("cache-get-size", "nodp")
