"""The key in a kernel's upcall is what lib/flow extracts, for every frame of the vectors: one source for either module."""
import collections
import contextlib
import pathlib
import struct
import subprocess

import vector_frames
from switch_lab import BIN, program, run, test

VLAN, IPV4, IPV6, MPLS, NSH = (0x8100, 0x88a8), 0x0800, 0x86dd, (0x8847, 0x8848), 0x894f
EXTENSIONS = (0, 43, 44, 51, 60)
OURS = pathlib.Path("/sys/module/turnout")


def network(frame):
    """(Ethernet type, where its header starts) behind at most two tags."""
    kind, at = struct.unpack_from("!H", frame, 12)[0], 14
    for _ in range(2):
        if kind in VLAN and len(frame) >= at + 4:
            kind, at = struct.unpack_from("!H", frame, at + 2)[0], at + 4
    return kind, at


def length_lies(frame, kind, at):
    """Does an IP header claim another length than the frame has for it?"""
    left = len(frame) - at
    if kind == IPV4 and left >= 20:
        total = struct.unpack_from("!H", frame, at + 2)[0]
        return total > left or total < 4 * (frame[at] & 15) or left - total > 255
    if kind == IPV6 and left >= 40:
        claimed = struct.unpack_from("!H", frame, at + 4)[0]
        return claimed != left - 40
    return False


def why_no_upcall(frame):
    kind, _ = network(frame)
    if struct.unpack_from("!H", frame, 12)[0] in VLAN and len(frame) < 20:
        return "the kernel takes the outer tag off on receipt, and drops what ends within it or its next type"
    if kind == NSH:
        return "both modules drop a malformed NSH, lib/flow leaves its fields zero"
    return None


def why_another_key(frame):
    """The differences that are meant: one of both modules, and two in which turnout.ko sides with lib/flow."""
    kind, at = network(frame)
    if length_lies(frame, kind, at):
        return "kernels do not compare the length in an IP header with the frame's, lib/flow takes such a packet for malformed"
    if OURS.exists():
        return None
    if kind == IPV6 and len(frame) >= at + 40 and frame[at + 6] in EXTENSIONS:
        return "IPv6 extension headers: the stock module keeps addresses and label of a broken chain, and calls an atomic fragment the first"
    if kind in MPLS and not any(frame[i] & 1 for i in range(at + 2, len(frame), 4)):
        return "the stock module has no labels of a stack that ends before its bottom"
    return None


def keys(dispatch, datapath, most=None):
    frames = [frame for frame in vector_frames.cases() if len(frame) >= 14][:most]
    lines = "".join(frame.hex() + "\n" for frame in frames)
    done = subprocess.run([str(BIN / "upcall_keys"), dispatch, datapath, "p0", "p1"], input=lines, stdout=subprocess.PIPE, text=True,
                          check=True)
    return done.stdout.splitlines()


@contextlib.contextmanager
def datapath_with_p0(name):
    run("ip", "link", "add", "p0", "type", "veth", "peer", "name", "p1")
    for device in ("p0", "p1"):
        run("ip", "link", "set", device, "addrgenmode", "none")
        run("ip", "link", "set", device, "mtu", "9000")
        run("ip", "link", "set", device, "up")
    run(program("ovs-dpctl"), "add-dp", name)
    run(program("ovs-dpctl"), "add-if", name, "p0")
    try:
        yield
    finally:
        run(program("ovs-dpctl"), "del-dp", name)
        run("ip", "link", "del", "p0")


@test
def every_frame_has_the_same_key_in_the_kernel_and_in_lib_flow():
    with datapath_with_p0("vectors"):
        lines = keys("per-cpu", "vectors")
    kinds = collections.Counter()
    wrong = []
    for line in lines:
        kind, frame, *rest = line.split(" ", 2)
        why = {"none": why_no_upcall, "differs": why_another_key}.get(kind, lambda _: None)
        reason = why(bytes.fromhex(frame))
        kinds[reason or kind] += 1
        if kind != "same" and not reason:
            wrong.append(line)
    for kind, count in kinds.items():
        print(f"  {count} {kind}")
    print("\n".join(wrong[:40]))
    assert kinds["same"] > 250 and not wrong, f"{len(wrong)} frames"


@test
def upcalls_come_by_port_where_a_module_cannot_send_them_by_cpu():
    with datapath_with_p0("ports"):
        lines = keys("per-vport", "ports", most=16)
    assert [line.split()[0] for line in lines] == ["same"] * 16, lines
