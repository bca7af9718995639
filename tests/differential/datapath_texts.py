#!/usr/bin/env python3
"""Random texts of datapath actions, good ones and slightly broken ones, for both ovs-dpctl.

datapath_texts.py [--ours DIR] [--seed N] [--count N]

Each text goes to `parse-actions` of either, and with a flow to `normalize-actions`: what is printed, whether it is refused
and the exit status are compared. One process takes many texts: after the first that is refused the rest goes to the next.
Prints "N passed, N failed". What is left out of the comparison is listed in permitted.md.
"""
import argparse
import os
import pathlib
import random
import shutil
import subprocess
import sys

SKIP = 77


class Maker:
    """Texts in the order and the form in which both programs print them, so that most are their own normal form."""

    def __init__(self, seed):
        self.rng = random.Random(seed)

    def chance(self, p):
        return self.rng.random() < p

    def number(self, bits):
        return self.rng.choice([0, 1, (1 << bits) - 1, self.rng.getrandbits(bits)])

    def hexadecimal(self, bits):
        value = self.number(bits)
        return f"{value:#x}" if value else "0"

    def mac(self):
        return ":".join(f"{self.rng.getrandbits(8):02x}" for _ in range(6))

    def ipv4(self):
        return ".".join(str(self.rng.getrandbits(8)) for _ in range(4))

    def ipv6(self):
        return self.rng.choice(["::", "::1", "fe80::1", "2001:db8::abcd", "ff02::1:ff00:1", "1:2:3:4:5:6:7:8"])

    def value(self, kind):
        """A value and, now and then, a mask with it: value bits outside the mask are zero."""
        if kind == "mac":
            if self.chance(0.2):
                return "00:00:00:00:00:05/00:00:00:00:00:0f"
            return self.mac()
        if kind == "ipv4":
            return self.rng.choice([self.ipv4(), "10.0.0.0/255.0.0.0", "0.0.0.1/0.0.0.255"])
        if kind == "ipv6":
            return self.rng.choice([self.ipv6(), self.ipv6(), "fe80::/ffc0::", "::1/::ff"])
        bits, hexadecimal = kind
        value = self.number(bits)
        if self.chance(0.2):
            mask = self.rng.getrandbits(bits) or 1
            return f"{value & mask:#x}/{mask:#x}" if hexadecimal else f"{value & mask}/{mask:#x}"
        return f"{value:#x}" if hexadecimal else str(value)

    def some(self, fields):
        return ",".join(f"{name}={self.value(kind)}" for name, kind in fields if self.chance(0.7))

    SETS = {
        "eth": [("src", "mac"), ("dst", "mac")],
        "ipv4": [("src", "ipv4"), ("dst", "ipv4"), ("proto", (8, False)), ("tos", (8, True)), ("ttl", (8, False))],
        "ipv6": [("src", "ipv6"), ("dst", "ipv6"), ("label", (20, True)), ("proto", (8, False)), ("tclass", (8, True)),
                 ("hlimit", (8, False))],
        "tcp": [("src", (16, False)), ("dst", (16, False))],
        "udp": [("src", (16, False)), ("dst", (16, False))],
        "sctp": [("src", (16, False)), ("dst", (16, False))],
        "icmp": [("type", (8, False)), ("code", (8, False))],
        "icmpv6": [("type", (8, False)), ("code", (8, False))],
        "arp": [("sip", "ipv4"), ("tip", "ipv4"), ("op", (8, False)), ("sha", "mac"), ("tha", "mac")],
        "nd": [("target", "ipv6"), ("sll", "mac"), ("tll", "mac")],
    }

    def set(self):
        kind = self.rng.choice([*self.SETS, "number", "number", "mpls", "tunnel", "tunnel", "label"])
        if kind in self.SETS:
            return f"set({kind}({self.some(self.SETS[kind])}))"
        if kind == "number":
            name, bits = self.rng.choice([("skb_priority", 32), ("skb_mark", 32), ("ct_mark", 32), ("ct_zone", 16), ("dp_hash", 32)])
            return f"set({name}({self.value((bits, True))}))"
        if kind == "label":
            return f"set(ct_label({self.hexadecimal(64)}))"
        if kind == "mpls":
            return f"set(mpls({self.mpls()}))"
        return f"set(tunnel({self.tunnel()}))"

    def mpls(self):
        return f"label={self.number(20)},tc={self.number(3)},ttl={self.number(8)},bos={self.number(1)}"

    def options(self):
        text = ""
        for _ in range(self.rng.randrange(1, 4)):
            length = self.rng.choice([0, 4, 8, 12])
            data = f",{self.hexadecimal(8 * length)}" if length else ""
            text += f"{{class={self.hexadecimal(16)},type={self.hexadecimal(8)},len={length}{data}}}"
        return text

    def tunnel(self):
        items = [f"tun_id=0x{self.number(64):x}"]
        if self.chance(0.5):
            items += [f"src={self.ipv4()}"] * self.chance(0.5) + [f"dst={self.rng.randrange(1, 224)}.1.2.3"]
        else:
            items += ["ipv6_src=fe80::1"] * self.chance(0.5) + ["ipv6_dst=2001:db8::5"]
        items += [f"tos={self.rng.randrange(1, 256):#x}"] * self.chance(0.3)
        items.append(f"ttl={self.number(8)}")
        if self.chance(0.4):     # not with tos and src: see permitted.md
            items = [i for i in items if not i.startswith(("tos", "src", "ipv6_src"))]
            items.append(f"tp_dst={self.rng.randrange(1, 65536)}")
        extra = self.rng.randrange(6)
        if extra == 0:
            items.append(f"vxlan(gbp(id={self.rng.randrange(1, 65536)},flags={self.hexadecimal(8)}))")
        elif extra == 1:
            items.append(f"geneve({self.options()})")
        elif extra == 2:
            items.append(f"erspan(ver=1,idx={self.hexadecimal(20)})")
        elif extra == 3:
            items.append(f"erspan(ver=2,dir={self.number(1)},hwid={self.hexadecimal(4)})")
        # Not all four: see permitted.md.
        flags = self.rng.choice([["key"], ["df", "key"], ["csum", "key"], ["df", "csum", "key"], ["oam", "key"], ["oam", "csum", "key"]])
        items.append(f"flags({'|'.join(flags)})")
        return ",".join(items)

    def nat(self):
        kind = self.rng.choice(["", "(src)", "(dst)", "range", "range", "range"])
        if kind != "range":
            return "nat" + kind
        low = self.rng.randrange(1, 100)
        text = f"10.0.0.{low}"
        six = self.chance(0.3)
        if six:
            text = f"fe80::{low:x}"
        ends = self.rng.randrange(3)
        ports = self.chance(0.5)
        shown = f"[{text}]" if six and ports else text
        if ends:
            last = f"fe80::{low + 5:x}" if six else f"10.0.0.{low + 5}"
            shown += "-" + (f"[{last}]" if six and ports else last)
        if ports:
            shown += f":{self.rng.randrange(1, 1000)}" + f"-{self.rng.randrange(1000, 65536)}" * self.chance(0.5)
        shown += ",persistent" * self.chance(0.3) + self.rng.choice(["", ",hash", ",random"])
        return f"nat({self.rng.choice(['src', 'dst'])}={shown})"

    def ct(self):
        items = self.rng.choice([[], ["commit"], ["force_commit"]])
        items = list(items)
        items += [f"zone={self.rng.randrange(1, 65536)}"] * self.chance(0.5)
        items += [f"mark={self.hexadecimal(32)}/0x{self.rng.randrange(1, 1 << 32):x}"] * self.chance(0.3)
        items += [f"label={self.hexadecimal(128)}/{self.rng.randrange(1, 1 << 128):#x}"] * self.chance(0.3)
        items += [f"helper={self.rng.choice(['ftp', 'tftp'])}"] * self.chance(0.2)
        items += ["timeout=ovs_tp_1_tcp4"] * self.chance(0.2)
        items += [self.nat()] * self.chance(0.4)
        return f"ct({','.join(items)})" if items else "ct"

    def userspace(self):
        n = self.number
        cookie = self.rng.choice([
            f"sFlow(vid={n(12)},pcp={n(3)},output={n(32)})", f"slow_path({self.rng.choice(['cfm', 'bfd', 'lacp', 'stp', 'lldp', 'action', 'match'])})",
            f"flow_sample(probability={n(16)},collector_set_id={n(32)},obs_domain_id={n(32)},obs_point_id={n(32)},"
            f"output_port={n(32)}{self.rng.choice(['', ',ingress', ',egress'])})",
            f"ipfix(output_port={n(32)})", f"userdata({self.rng.randbytes(self.rng.randrange(1, 40)).hex()})", ""])
        text = f"userspace(pid={n(32)}" + ("," + cookie if cookie else "")
        return text + ",actions" * self.chance(0.3) + f",tunnel_out_port={n(31)}" * self.chance(0.3) + ")"

    def nsh(self):
        base = f"flags={self.rng.randrange(4)},ttl={self.rng.randrange(64)}"
        path = f"spi=0x{self.number(24):x},si={self.number(8)}"
        if self.chance(0.5):
            contexts = ",".join(f"c{i}=0x{self.number(32):x}" for i in range(1, 5))
            return f"push_nsh({base},mdtype=1,np={self.rng.choice([1, 2, 3, 4, 5])},{path},{contexts})"
        return f"push_nsh({base},mdtype=2,np=3,{path},md2=0xf{self.rng.randbytes(4 * self.rng.randrange(1, 20)).hex()[1:]})"

    def tnl_push(self):
        ethernet = f"eth(dst={self.mac()},src={self.mac()},dl_type="
        kind = self.rng.choice(["vxlan", "geneve", "gre"])
        protocol = 47 if kind == "gre" else 17
        six = self.chance(0.3)
        if six:
            network = f"0x86dd),ipv6(src={self.ipv6()},dst={self.ipv6()},label={self.number(20)},proto={protocol},tclass=0x{self.number(8):x},hlimit=64),"
        else:
            network = f"0x0800),ipv4(src={self.ipv4()},dst={self.ipv4()},proto={protocol},tos={self.hexadecimal(8)},ttl={self.number(8)},frag=0x4000),"
        size = 54 if six else 34
        if kind == "gre":
            flags = self.rng.choice([0, 0x2000, 0x8000, 0xa000, 0x3000])
            inner = f"gre((flags=0x{flags:x},proto=0x6558)" + f",csum=0x{self.number(16):x}" * bool(flags & 0x8000)
            inner += f",key=0x{self.number(32):x}" * bool(flags & 0x2000) + f",seq=0x{self.number(32):x}" * bool(flags & 0x1000) + ")"
            size += 4 + 4 * sum(bool(flags & f) for f in (0x8000, 0x2000, 0x1000))
            tunnel = 109 if six else 3
        else:
            udp = f"udp(src={self.number(16)},dst={self.number(16)},csum=0x{self.number(16):x}),"
            size += 16
            if kind == "vxlan":
                inner, tunnel = udp + f"vxlan(flags=0x8000000,vni=0x{self.number(24):x})", 4
            else:
                inner, tunnel = udp + f"geneve({'oam,' * self.chance(0.3)}vni=0x{self.number(24):x})", 5
        return f"tnl_push(tnl_port({self.number(31)}),header(size={size},type={tunnel},{ethernet}{network}{inner}),out_port({self.number(31)}))"

    def action(self, depth=0):
        simple = [lambda: str(self.number(31)), lambda: "pop_vlan", lambda: "ct_clear", lambda: f"recirc({self.rng.choice([1, 77, 4096])})",
                  lambda: f"trunc({self.number(31)})", lambda: f"meter({self.number(31)})", lambda: f"tnl_pop({self.number(31)})",
                  lambda: f"lb_output({self.number(31)})", lambda: "pop_nsh()",
                  lambda: f"push_vlan({'tpid=0x88a8,' * self.chance(0.3)}vid={self.number(12)},pcp={self.number(3)}{',cfi=0' * self.chance(0.2)})",
                  lambda: f"add_mpls({self.mpls()},eth_type=0x8847)",
                  self.set, self.set, self.set, self.ct, self.ct, self.userspace, self.nsh, self.tnl_push]
        nested = [lambda: f"clone({self.actions(depth + 1)})",
                  lambda: f"sample(sample={self.rng.randrange(1, 1000) / 10}%,actions({self.actions(depth + 1)}))",
                  lambda: f"check_pkt_len(size={self.number(16)},gt({self.actions(depth + 1)}),le({self.actions(depth + 1)}))"]
        return self.rng.choice(simple + (nested if depth < 3 else []))()

    def actions(self, depth=0):
        return ",".join(self.action(depth) for _ in range(self.rng.randrange(1, 4)))

    def broken(self, text):
        """A character gone or exchanged where that leaves no number out of range (the reference wraps those)."""
        at = self.rng.randrange(len(text))
        change = self.rng.randrange(4)
        if change == 0:
            return text[:at]
        if change == 1:
            return text + self.rng.choice([")", "(", "x", "=", "(1"])
        places = [i for i, c in enumerate(text) if c in "()={}"]
        if not places:
            return text + ")"
        at = self.rng.choice(places)
        return text[:at] + text[at + 1:] if change == 2 else text[:at] + "!" + text[at + 1:]

    FLOWS = ["in_port(1),eth(src=00:00:00:00:00:01,dst=00:00:00:00:00:02),eth_type(0x0800),ipv4(src=1.2.3.4,dst=5.6.7.8,proto=6,tos=0,ttl=64,frag=no),"
             "tcp(src=1,dst=2)",
             "in_port(2),eth(),eth_type(0x1234)", "recirc_id(0x5),in_port(2),eth(),eth_type(0x0806),arp(sip=1.1.1.1)",
             "in_port(1),eth(),eth_type(0x8100),vlan(vid=5,pcp=1),encap(eth_type(0x0800),ipv4(proto=17,frag=no),udp(src=1))",
             "in_port(1),eth(),eth_type(0x8847),mpls(label=5,tc=1,ttl=64,bos=1)",
             "in_port(1),eth(),eth_type(0x86dd),ipv6(proto=58,frag=no),icmpv6(type=135,code=0),nd(target=::1)",
             "in_port(1),bogus(5)", "in_port(1", ""]

    def vlan_actions(self):
        def one():
            return self.rng.choice([str(self.rng.randrange(1, 9)), "pop_vlan", f"push_vlan(vid={self.rng.randrange(1, 9)},pcp={self.number(3)})",
                                    "set(eth(src=00:00:00:00:00:07))", "ct_clear"])
        return ",".join(one() for _ in range(self.rng.randrange(1, 9)))


class Tool:
    def __init__(self, path):
        self.path = path

    def run(self, *args):
        done = subprocess.run([self.path, *args], capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout

    def parse(self, texts):
        """The printed form of each text, None where it is refused."""
        results, left = [], list(texts)
        while left:
            code, out = self.run("parse-actions", "--", *left[:200])
            lines = out.splitlines()
            results += lines
            left = left[len(lines):]
            if code:
                results.append(None)
                left = left[1:]
        return results


def compare(name, inputs, ours, theirs, show):
    wrong = [(i, a, b) for i, a, b in zip(inputs, ours, theirs, strict=True) if a != b]
    for i, a, b in wrong[:show]:
        print(f"{name}: {i}\n  ours:      {a}\n  reference: {b}")
    return len(wrong)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ours", default=os.environ.get("TURNOUT_BIN", str(pathlib.Path(__file__).resolve().parents[2] / "build/bin")))
    parser.add_argument("--reference", default=shutil.which("ovs-dpctl") or "")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=1500)
    parser.add_argument("--show", type=int, default=20)
    args = parser.parse_args()
    if not args.reference:
        print("ovs-dpctl is not installed: skipped")
        sys.exit(SKIP)
    ours, theirs, maker = Tool(os.path.join(args.ours, "ovs-dpctl")), Tool(args.reference), Maker(args.seed)

    good = [maker.actions() for _ in range(args.count)]
    failed = compare("parse-actions", good, ours.parse(good), theirs.parse(good), args.show)
    accepted = sum(t is not None for t in theirs.parse(good))
    if accepted < args.count * 0.9:
        print(f"the reference takes {accepted} of {args.count} texts only: this test shows little")
        failed += 1
    bad = [maker.broken(maker.action(2)) for _ in range(args.count // 5)]
    failed += compare("parse-actions", bad, ours.parse(bad), theirs.parse(bad), args.show)
    pairs = [(maker.rng.choice(maker.FLOWS), maker.vlan_actions()) for _ in range(args.count // 15)]
    failed += compare("normalize-actions", pairs, [ours.run("normalize-actions", *p) for p in pairs],
                      [theirs.run("normalize-actions", *p) for p in pairs], args.show)
    total = len(good) + len(bad) + len(pairs)
    print(f"{total - min(failed, total)} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
