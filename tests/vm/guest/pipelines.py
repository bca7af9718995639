"""OpenFlow pipelines that need the kernel datapath's harder parts: conntrack and NAT, groups, meters.

One source for every module; the daemons are those of TURNOUT_REFERENCE, as in traffic.py.
"""
import contextlib
import re
import signal
import socket
import time

from namespace import inside
from switch_lab import run, wait_for
from traffic import connect, in_ns, listening, neighbour, pipeline, tcp, two_hosts, with_switch

FIREWALL = [
    "table=0,priority=5,ip,ct_state=-trk,actions=ct(table=1)",
    "table=1,priority=5,ip,ct_state=+trk+new,in_port=1,actions=ct(commit),NORMAL",
    "table=1,priority=5,ip,ct_state=+trk+est,actions=NORMAL",
    "table=1,priority=4,ip,ct_state=+trk+rel,actions=ct(commit),NORMAL",
]


@with_switch
def a_stateful_firewall_lets_one_side_begin(s):
    a, b = two_hosts(s)
    pipeline(s, *FIREWALL)
    assert tcp(b, a, "10.1.1.2") == 2_000_000
    s.pings(a, "10.1.1.2")
    assert not s.ping(b, "10.1.1.1", 1)
    assert "tcp,orig=(src=10.1.1.1" in in_ns(s.ns, "ovs-dpctl", "dump-conntrack").stdout


@with_switch
def fragments_pass_a_stateful_firewall(s):
    a, _ = two_hosts(s)
    pipeline(s, *FIREWALL)
    s.pings(a, "10.1.1.2")
    in_ns(a, "ping", "-q", "-c", "2", "-i", "0.2", "-s", "5000", "10.1.1.2")


@with_switch
def ipv6_passes_a_stateful_firewall(s):
    a, b = s.host("a", None, "br0"), s.host("b", None, "br0")
    for ns, address in ((a, "fd00::1"), (b, "fd00::2")):
        run("ip", "-n", ns, "addr", "add", f"{address}/64", "dev", "eth0", "nodad")
    pipeline(s, *(flow.replace(",ip,", ",ipv6,") for flow in FIREWALL))
    ping6 = lambda *words: in_ns(a, "ping", "-6", "-q", "-c", "1", "-W", "1", *words, "fd00::2", check=False).returncode == 0
    wait_for("IPv6 ping", ping6)
    assert tcp(b, a, "fd00::2") == 2_000_000
    assert ping6("-s", "4000")


@with_switch
def source_translation_hides_the_client(s):
    a, b = two_hosts(s)
    neighbour(b, "10.1.1.100", a)
    pipeline(s, "table=0,priority=5,ip,in_port=1,actions=ct(commit,zone=1,nat(src=10.1.1.100:5000-5100)),output:2",
             "table=0,priority=5,ip,in_port=2,actions=ct(zone=1,nat,table=1)",
             "table=1,ip,ct_state=+est,actions=output:1")
    with listening(b, "10.1.1.2", 80) as listener, connect(a, "10.1.1.2", 80) as client:
        server, peer = listener.accept()
        assert peer[0] == "10.1.1.100" and 5000 <= peer[1] <= 5100, peer
        client.sendall(b"question")
        assert server.recv(100) == b"question"
        server.sendall(b"answer")
        assert client.recv(100) == b"answer"
        server.close()
    in_ns(a, "ping", "-q", "-c", "1", "-W", "5", "10.1.1.2")


@with_switch
def destination_translation_finds_the_server(s):
    a, b = two_hosts(s)
    neighbour(a, "10.1.1.200", b)
    pipeline(s, "table=0,priority=5,ip,in_port=1,actions=ct(commit,zone=2,nat(dst=10.1.1.2:8080)),output:2",
             "table=0,priority=5,ip,in_port=2,actions=ct(zone=2,nat,table=1)",
             "table=1,ip,ct_state=+est,actions=output:1")
    with listening(b, "10.1.1.2", 8080) as listener, connect(a, "10.1.1.200", 80) as client:
        server, _ = listener.accept()
        server.sendall(b"here")
        assert client.recv(100) == b"here"
        server.close()


@with_switch
def the_ftp_helper_expects_the_data_connection(s):
    a, b = two_hosts(s)
    pipeline(s, "table=0,priority=5,tcp,ct_state=-trk,actions=ct(table=1)",
             "table=1,priority=6,tcp,in_port=1,ct_state=+trk+new,tp_dst=21,actions=ct(commit,alg=ftp),output:2",
             "table=1,priority=5,tcp,ct_state=+trk+rel,actions=ct(commit),NORMAL",
             "table=1,priority=4,tcp,ct_state=+trk+est,actions=NORMAL")
    with listening(b, "10.1.1.2", 21) as control, listening(a, "10.1.1.1", 4000) as data, connect(a, "10.1.1.2", 21) as client:
        server, _ = control.accept()
        try:
            connect(b, "10.1.1.1", 4000, seconds=1)
            raise AssertionError("a connection came through that nobody expects")
        except TimeoutError:
            pass
        for line in (b"USER somebody\r\n", b"PORT 10,1,1,1,15,160\r\n"):   # port 15 * 256 + 160 = 4000
            client.sendall(line)
            assert server.recv(100) == line
        connect(b, "10.1.1.1", 4000, bind=("10.1.1.2", 20)).close()
        data.accept()[0].close()
        server.close()


@with_switch
def a_zone_takes_no_more_connections_than_its_limit(s):
    a, b = two_hosts(s)
    pipeline(s, "table=0,priority=5,udp,in_port=1,actions=ct(commit,zone=3),output:2")
    in_ns(s.ns, "ovs-dpctl", "ct-set-limits", "default=100", "zone=3,limit=3")
    assert "zone=3,limit=3,count=0" in in_ns(s.ns, "ovs-dpctl", "ct-get-limits").stdout
    with inside(b):
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("10.1.1.2", 9))
    server.settimeout(1)
    neighbour(a, "10.1.1.2", b)
    for port in range(5001, 5008):
        with inside(a), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.bind(("10.1.1.1", port))
            client.sendto(b"x", ("10.1.1.2", 9))
            time.sleep(0.1)   # each in its turn: an upcall for one must not overtake the next
    arrived = 0
    with contextlib.suppress(TimeoutError):
        while server.recv(10):
            arrived += 1
    assert arrived == 3, arrived
    assert "zone=3,limit=3,count=3" in in_ns(s.ns, "ovs-dpctl", "ct-get-limits", "zone=3").stdout
    in_ns(s.ns, "ovs-dpctl", "ct-del-limits", "zone=3")
    assert "zone=3,limit=100" in in_ns(s.ns, "ovs-dpctl", "ct-get-limits", "zone=3").stdout
    in_ns(s.ns, "ovs-dpctl", "ct-set-limits", "default=0")


@with_switch
def groups_choose_copy_and_fail_over(s):
    a, b = two_hosts(s)
    c = s.host("c", "10.1.1.3/24", "br0")
    pipeline(s)
    s.ofctl("add-group", "br0", "group_id=1,type=select,selection_method=dp_hash,bucket=output:2,bucket=output:2")
    s.ofctl("add-group", "br0", "group_id=2,type=all,bucket=output:2,bucket=output:3")
    s.ofctl("add-group", "br0", "group_id=3,type=ff,bucket=watch_port:3,output:3,bucket=watch_port:2,output:2")
    s.ofctl("add-flow", "br0", "priority=5,ip,in_port=2,actions=output:1")
    s.ofctl("add-flow", "br0", "priority=5,ip,in_port=1,actions=group:1")
    s.pings(a, "10.1.1.2")
    assert tcp(b, a, "10.1.1.2") == 2_000_000
    s.ofctl("mod-flows", "br0", "priority=5,ip,in_port=1,actions=group:2")
    s.pings(a, "10.1.1.2")
    s.ofctl("mod-flows", "br0", "priority=5,ip,in_port=1,actions=group:3")
    assert not s.ping(a, "10.1.1.2", 1)
    run("ip", "-n", c, "link", "set", "eth0", "down")
    s.pings(a, "10.1.1.2")


@with_switch
def a_meter_drops_what_exceeds_its_rate(s):
    a, _ = two_hosts(s)
    pipeline(s)
    s.ofctl("add-meter", "br0", "meter=1,pktps,burst,stats,bands=type=drop,rate=5,burst_size=5")
    s.ofctl("add-flow", "br0", "priority=5,ip,in_port=2,actions=NORMAL")
    s.ofctl("add-flow", "br0", "priority=5,ip,in_port=1,actions=meter:1,NORMAL")
    out = in_ns(a, "ping", "-q", "-c", "60", "-i", "0.01", "-W", "1", "10.1.1.2", check=False).stdout
    received = int(re.search(r"(\d+) received", out).group(1))
    assert 5 <= received <= 40, out
    stats = s.ofctl("meter-stats", "br0").stdout
    dropped = int(re.search(r"0:\s*packet_count:(\d+)", stats).group(1))
    assert dropped >= 60 - received - 5, stats


@with_switch
def tags_are_pushed_changed_and_popped(s):
    a, _ = two_hosts(s)
    pipeline(s, "priority=5,ip,in_port=1,actions=push_vlan:0x88a8,set_field:4196->vlan_vid,push_vlan:0x8100,"
                "set_field:4106->vlan_vid,resubmit(,1)",
             "table=1,dl_vlan=10,actions=pop_vlan,resubmit(,2)", "table=2,dl_vlan=100,actions=pop_vlan,output:2",
             "priority=5,ip,in_port=2,actions=output:1")
    s.pings(a, "10.1.1.2")


@with_switch
def traffic_goes_on_while_the_daemon_is_away(s):
    a, b = two_hosts(s)
    s.pings(a, "10.1.1.2")
    with listening(b, "10.1.1.2", 80) as listener, connect(a, "10.1.1.2", 80) as client:
        server, _ = listener.accept()
        server.settimeout(10)
        for word in (b"one", b"two"):   # both directions have their flows
            client.sendall(word)
            assert server.recv(10) == word
            server.sendall(word)
            assert client.recv(10) == word
        s.kill_vswitchd(signal.SIGKILL)
        for word in (b"three", b"four"):
            client.sendall(word)
            assert server.recv(10) == word
        s.start_vswitchd()
        client.sendall(b"five")
        assert server.recv(10) == b"five"
        server.close()
    s.pings(b, "10.1.1.1")
