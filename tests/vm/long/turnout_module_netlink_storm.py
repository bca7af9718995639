#!/usr/bin/env python3
# A hundred thousand random netlink messages, good and broken, while packets run; then the module can still be removed.
# programs: sysctl
# modules: turnout veth nsh nf_conntrack_ftp
# available: nf_nat_ftp vxlan geneve ip_gre
# deadline: 500

import os
import threading
import time

import netlink_storm
from packets import Wire
from switch_lab import main, run, test

MESSAGES = int(os.environ.get("STORM_MESSAGES", "100000"))


def make_ports():
    run("sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1")
    for number, ns in enumerate("abc", 1):
        run("ip", "netns", "add", ns)
        run("ip", "link", "add", f"p{number}", "type", "veth", "peer", "name", "eth0", "netns", ns)
        run("ip", "link", "set", f"p{number}", "up")
        run("ip", "-n", ns, "link", "set", "eth0", "up")
    return Wire("a", "eth0")


@test
def the_storm_is_weathered():
    wire, over = make_ports(), threading.Event()

    def traffic():
        while not over.is_set():
            for frame in netlink_storm.FRAMES:
                if len(frame) >= 14:
                    wire.send(frame)
            time.sleep(0.01)   # paces the packets; nothing waits for it

    sender = threading.Thread(target=traffic)
    sender.start()
    try:
        storm = netlink_storm.Storm(netlink_storm.seed())
        sent = storm.blow(MESSAGES)
    finally:
        over.set()
        sender.join()
    print(f"{sent} messages:", ", ".join(f"{count} {what}" for what, count in storm.count.items()))
    assert not storm.leaked, "\n".join(storm.leaked[:5])
    assert sent >= MESSAGES and all(count > MESSAGES // 100 for count in storm.count.values()), storm.count


@test
def the_module_can_be_removed_afterwards():
    run("rmmod", "turnout")
    assert not os.path.exists("/sys/module/turnout")


main()
