"""The key in a kernel's upcall is what lib/flow extracts, for every frame of the vectors: one source for either module."""
import collections
import struct
import subprocess

import vector_frames
from switch_lab import BIN, program, run, test

VLAN = (0x8100, 0x88a8)


def expected_to_vanish(frame):
    """Frames that never reach a datapath, or that both modules refuse to have a key of, for a reason that is not extraction."""
    if len(frame) < 14:
        return "a packet socket does not send less than an Ethernet header"
    kind, at, tags = struct.unpack_from("!H", frame, 12)[0], 14, 0
    while kind in VLAN and len(frame) >= at + 4:
        kind, at, tags = struct.unpack_from("!H", frame, at + 2)[0], at + 4, tags + 1
    if kind in VLAN and tags == 0:
        return "the kernel takes the outer tag off on receipt, and drops what ends within it"
    return None


def keys(module_ports):
    frames = [frame for frame in vector_frames.cases() if len(frame) >= 14]
    lines = "".join(frame.hex() + "\n" for frame in frames)
    done = subprocess.run([str(BIN / "upcall_keys"), *module_ports], input=lines, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.splitlines()


@test
def every_frame_has_the_same_key_in_the_kernel_and_in_lib_flow():
    run("ip", "link", "add", "p0", "type", "veth", "peer", "name", "p1")
    for device in ("p0", "p1"):
        run("ip", "link", "set", device, "addrgenmode", "none")
        run("ip", "link", "set", device, "mtu", "9000")
        run("ip", "link", "set", device, "up")
    run(program("ovs-dpctl"), "add-dp", "vectors")
    run(program("ovs-dpctl"), "add-if", "vectors", "p0")
    lines = keys(("vectors", "p0", "p1"))
    kinds = collections.Counter()
    wrong = []
    for line in lines:
        kind, frame, *rest = line.split(" ", 2)
        reason = expected_to_vanish(bytes.fromhex(frame)) if kind in ("none", "refused") else None
        kinds[reason or kind] += 1
        if kind != "same" and not reason:
            wrong.append(line)
    for kind, count in kinds.items():
        print(f"  {count} {kind}")
    print("\n".join(wrong[:40]))
    assert kinds["same"] > 250 and not wrong, f"{len(wrong)} frames"
    run(program("ovs-dpctl"), "del-dp", "vectors")
