#!/usr/bin/env python3
"""Asks once who has an address and prints the Ethernet address of every answer that comes, one a line. Ends when none
has come for 0.4 s after the last, or after 5 s without any.  usage: count_arp.py DEVICE OWN_IP WANTED_IP"""
import socket
import sys
import time

device, own, wanted = sys.argv[1:]
ARP = 0x0806
link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ARP))
link.bind((device, ARP))
mac = link.getsockname()[4]
request = b"\xff" * 6 + mac + b"\x08\x06" + b"\x00\x01\x08\x00\x06\x04\x00\x01"
request += mac + socket.inet_aton(own) + b"\x00" * 6 + socket.inet_aton(wanted)
link.send(request)
deadline = time.monotonic() + 5
while (left := deadline - time.monotonic()) > 0:
    link.settimeout(left)
    try:
        frame = link.recv(2048)
    except TimeoutError:
        break
    if frame[20:22] == b"\x00\x02" and frame[28:32] == socket.inet_aton(wanted):
        print(frame[22:28].hex(":"), flush=True)
        deadline = time.monotonic() + 0.4
