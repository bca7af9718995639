#!/usr/bin/env python3
# The module is loaded and removed a hundred times (ROUNDS) under traffic; ports, datapaths, devices and namespaces go under traffic too.
# programs: sysctl
# modules: turnout veth nsh
# available: nf_nat openvswitch
# deadline: 500

import os
import pathlib
import socket
import threading

from ovs_netlink import NLM_F_DUMP, Family, Flows, attr, clone, ct, key, output, recirc, sample, u32
from packets import Wire, eth, ip4, ip6, tcp, udp
from switch_lab import main, run, test, wait_for

ROUNDS = int(os.environ.get("ROUNDS", "100"))
wires = {}


def make_hosts():
    run("sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1")
    for number, ns in enumerate("ab", 1):
        run("ip", "netns", "add", ns)
        run("ip", "link", "add", f"p{number}", "type", "veth", "peer", "name", "eth0", "netns", ns)
        run("ip", "link", "set", f"p{number}", "up")
        run("ip", "-n", ns, "link", "set", "eth0", "up")
        wires[ns] = Wire(ns, "eth0")


def add_port(name, number, dp="dp"):
    Family("ovs_vport").ask(1, attr(1, u32(number)) + attr(2, u32(1)) + attr(3, f"{name}\0".encode()) + attr(5, u32(0)),
                            socket.if_nametoindex(dp))


def build_up():
    Family("ovs_datapath").ask(1, attr(1, b"dp\0") + attr(2, u32(0)) + attr(5, u32(3)))
    add_port("p1", 1)
    add_port("p2", 2)
    flows = Flows("dp")
    flows.put(key(), sample(1 << 31, output(2)), clone(ct(commit=True, zone=3), output(2)), ct(zone=3), recirc(1))
    flows.put(key(recirc=1), output(2))
    flows.put(key(type=0x86dd), output(2), recirc(1))
    flows.put(key(type=0x86dd, recirc=1), output(2), recirc(1))
    return flows


class Traffic:
    """Packets from a to b from its start to its end."""

    def __enter__(self):
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        frames = [eth(ip4(udp(src=port))) for port in range(1000, 1010)] + [eth(ip4(tcp(flags=2))), eth(ip6(udp()))]
        while not self.over.is_set():
            for frame in frames:
                try:
                    wires["a"].send(frame)
                except OSError:
                    pass   # the device is going

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


def datapaths():
    return len(Family("ovs_datapath").ask(3, b"", flags=NLM_F_DUMP))


@test
def many_times_loaded_and_removed_under_traffic():
    make_hosts()
    with Traffic():
        for _ in range(ROUNDS):
            build_up()
            run("rmmod", "turnout")
            run("modprobe", "turnout")
    build_up()
    wires["b"].drain()
    frame = eth(ip4(udp()))
    # What is still on its way comes first, and may leave no room for one of these.
    wait_for("a frame to pass", lambda: wires["a"].send(frame) or wires["b"].sees(frame, 3), 30)


@test
def ports_and_datapaths_go_under_traffic():
    with Traffic():
        for _ in range(ROUNDS // 5):
            Family("ovs_vport").ask(2, attr(1, u32(2)), socket.if_nametoindex("dp"))
            add_port("p2", 2)
            Family("ovs_datapath").ask(2, attr(1, b"dp\0"))
            build_up()


@test
def devices_and_namespaces_go_under_traffic():
    with Traffic():
        run("ip", "link", "del", "p2")
        run("ip", "netns", "del", "b")
    assert "p2" not in os.listdir("/sys/class/net")
    Family("ovs_datapath").ask(2, attr(1, b"dp\0"))
    assert datapaths() == 0


@test
def a_second_datapath_module_is_refused_with_words():
    if run("modprobe", "-n", "openvswitch", check=False).returncode:
        print("skipped: this kernel has no other datapath module")
        return
    run("modprobe", "openvswitch", check=False)
    assert not os.path.exists("/sys/module/openvswitch")
    run("rmmod", "turnout")
    run("modprobe", "openvswitch")
    assert run("modprobe", "turnout", check=False).returncode != 0
    log = run("dmesg").stdout
    assert "is taken: another datapath module is loaded" in log
    run("rmmod", "openvswitch")
    run("modprobe", "turnout")


@test
def nothing_is_left_behind():
    run("rmmod", "turnout")
    assert not pathlib.Path("/sys/module/turnout").exists()
    names = set(os.listdir("/sys/class/net"))
    assert names <= {"lo", "p1"}, names


main()
