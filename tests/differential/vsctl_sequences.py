#!/usr/bin/env python3
"""The same ovs-vsctl command lines on Turnout and on the Debian packages, each on a database server of its own, compared:
standard output, standard error, exit status. First a fixed list of what scripts type and mistype, then seeded random
sequences. UUIDs and time stamps are replaced; permitted differences are in permitted.md and in PERMITTED below.

usage: vsctl_sequences.py BIN_DIR [SEED [SEQUENCES]]"""
import os
import random
import re
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.abspath(os.path.join(HERE, "..", ".."))
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
STAMP = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z\|\d+\|", re.M)


class Side:
    """One implementation: a database server and an ovs-vsctl of it."""

    def __init__(self, name, path, schema):
        self.rundir = tempfile.mkdtemp(prefix=f"vsctl-{name}-")
        self.env = dict(os.environ, PATH=path, LC_ALL="C", TZ="UTC",
                        **{k: self.rundir for k in ("OVS_RUNDIR", "OVS_LOGDIR", "OVS_DBDIR", "OVS_SYSCONFDIR")})
        db = f"{self.rundir}/conf.db"
        subprocess.run(["ovsdb-tool", "create", db, schema], env=self.env, check=True)
        self.server = subprocess.Popen(["ovsdb-server", db, f"--remote=punix:{self.rundir}/db.sock"], env=self.env,
                                       stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        while not os.path.exists(f"{self.rundir}/db.sock"):
            if time.monotonic() > deadline or self.server.poll() is not None:
                raise SystemExit(f"{name}: the database server does not start")
            time.sleep(0.02)

    def run(self, words):
        done = subprocess.run(["ovs-vsctl", "--no-wait", "--timeout=5", *words], env=self.env, capture_output=True, text=True,
                              check=False)
        return done.returncode, self.tidy(done.stdout), self.tidy(done.stderr)

    def tidy(self, text):
        text = UUID.sub("<uuid>", STAMP.sub("", text))
        return text.replace(self.rundir, "<rundir>")

    def stop(self):
        self.server.kill()
        self.server.wait()
        subprocess.run(["rm", "-rf", self.rundir], check=False)


def sort_records(text):
    """Rows come in hash order, which is nobody's promise: compares records as a set, and lines of `show` likewise."""
    if "_uuid" in text or "\n\n" in text:
        return "\n\n".join(sorted(text.strip("\n").split("\n\n")))
    return "\n".join(sorted(text.split("\n")))


# (pattern of the command line, why it may differ). See permitted.md.
PERMITTED = [
    (re.compile(r"^--version"), "the promised release and our own version"),
    (re.compile(r"destroy .*remaining|^add \S+ \S+ tag"), "wording of a database error that ovs-vsctl reports"),
]

FIXED = os.path.join(HERE, "vsctl_commands.txt")


def fixed_lines():
    import shlex
    with open(FIXED, encoding="utf-8") as text:
        for line in text:
            if line.strip() and not line.startswith("#"):
                yield shlex.split(line)


def random_lines(rng, count):
    bridges, ports = [f"b{i}" for i in range(4)], [f"p{i}" for i in range(8)]
    columns = ["tag={}".format(rng.randrange(0, 4096)), "trunks=1,2,3", "vlan_mode=trunk", "other_config:a=b",
               'external_ids:"x y"="z,w"', "tag=[]", "vlan_mode=bogus", "lacp=active", "tag=4096", "bond_mode=balance-slb"]

    def one():
        br, port = rng.choice(bridges), rng.choice(ports)
        return rng.choice([
            lambda: [*rng.choice([[], ["--may-exist"]]), "add-br", br],
            lambda: ["add-br", rng.choice(bridges), br, str(rng.randrange(1, 6))],
            lambda: [*rng.choice([[], ["--if-exists"]]), "del-br", br],
            lambda: [*rng.choice([[], ["--may-exist"]]), "add-port", br, port, *rng.sample(columns, rng.randrange(0, 2))],
            lambda: [*rng.choice([[], ["--if-exists"]]), "del-port", *rng.choice([[], [br]]), port],
            lambda: ["add-bond", br, port, *rng.sample(ports, 2)],
            lambda: ["set", "port", port, *rng.sample(columns, rng.randrange(1, 3))],
            lambda: ["--if-exists", "get", "port", port, rng.choice(["tag", "trunks", "other_config", "other_config:a"])],
            lambda: ["remove", "port", port, "trunks", str(rng.randrange(1, 5))],
            lambda: ["add", "port", port, "trunks", str(rng.randrange(1, 9))],
            lambda: ["clear", "port", port, rng.choice(["tag", "trunks", "other_config", "name"])],
            lambda: ["list-br"], lambda: ["list-ports", br], lambda: ["list-ifaces", br], lambda: ["port-to-br", port],
            lambda: ["iface-to-br", port], lambda: ["br-to-vlan", br], lambda: ["br-to-parent", br], lambda: ["br-exists", br],
            lambda: ["br-set-external-id", br, "k", "v"], lambda: ["br-get-external-id", br],
            lambda: ["--columns=name,tag,trunks,other_config,external_ids", "list", "port"],
            lambda: ["--columns=name", "find", "port", rng.choice(["tag!=[]", "trunks{>=}2", "tag<5", "other_config:a=b", "fake_bridge=true"])],
        ])()

    for _ in range(count):
        words = one()
        while rng.random() < 0.3:
            words += ["--", *one()]
        yield words


def same(ours, theirs, words):
    if ours == theirs:
        return True
    if ours[0] == theirs[0] and (sort_records(ours[1]), ours[2]) == (sort_records(theirs[1]), theirs[2]):
        return True
    return any(p.search(" ".join(words)) for p, _ in PERMITTED) and ours[0] == theirs[0]


def main():
    bin_dir = os.path.abspath(sys.argv[1])
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 150
    system = "/usr/sbin:/usr/bin:/sbin:/bin"
    theirs = Side("reference", system, "/usr/share/openvswitch/vswitch.ovsschema")
    ours = Side("turnout", f"{bin_dir}:{system}", f"{TOP}/ovsdb/schema/vswitch.ovsschema")
    passed = failed = 0
    try:
        for words in [*fixed_lines(), *random_lines(random.Random(seed), count)]:
            a, b = ours.run(words), theirs.run(words)
            if same(a, b, words):
                passed += 1
                continue
            failed += 1
            print(f"ovs-vsctl {' '.join(words)}")
            for name, got in (("turnout", a), ("reference", b)):
                print(f"  {name}: status {got[0]}\n    out: {got[1]!r}\n    err: {got[2]!r}")
    finally:
        ours.stop()
        theirs.stop()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


sys.exit(main())
