#!/usr/bin/env python3
"""The same ovs-vsctl command lines on Turnout and on the Debian packages, each on a database server of its own, compared:
standard output, standard error, exit status, and now and then all that is in the two databases. First a fixed list of what
scripts type and mistype, then seeded random sequences. UUIDs and time stamps are replaced; permitted differences are in
permitted.md and in PERMITTED below.

usage: vsctl_sequences.py BIN_DIR [SEED [SEQUENCES]]"""
import os
import random
import re
import subprocess
import sys
import tempfile
import time

import database_dump

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
    """Rows come in hash order, which is nobody's promise: compares the records of tables and the lines of `show` as a set, and
    where a table is not the only output, all lines."""
    if "_uuid" in text and text.count("\n\n") == text.count("_uuid") - 1:
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


def random_database_words(rng, br, port):
    """Commands on the database that bridges and ports refer to."""
    number, zone = rng.randrange(1, 9), rng.randrange(1, 4)
    value = rng.choice(["1", "x", '""', '"a b"', '"q\\"r"', '"\\u00e9"', "[]", "{}", "yes", "-5", "1.5", "1e3", "a,b", "a=b", '"true"', "@u"])
    return rng.choice([
        lambda: ["--", f"--id=@q{number}", "create", "queue", f"dscp={number}", "--", "--id=@r", "create", "qos", "type=linux-htb",
                 f"queues:{number}=@q{number}", "other_config:max-rate=10", "--", "set", "port", port, "qos=@r"],
        lambda: ["clear", "port", port, "qos"],
        lambda: ["--all", "destroy", rng.choice(["qos", "queue"]), "--", "clear", "port", port, "qos"],
        lambda: ["--", "--id=@p", "get", "port", port, "--", "--id=@m", "create", "mirror", f"name=m{number}", "select_src_port=@p",
                 "output_vlan=5", "--", "add", "bridge", br, "mirrors", "@m"],
        lambda: ["clear", "bridge", br, "mirrors"],
        lambda: ["--", "--id=@r", "get", "mirror", f"m{number}", "--", "remove", "bridge", br, "mirrors", "@r"],
        lambda: ["add-aa-mapping", br, str(number), str(number + 1)], lambda: ["del-aa-mapping", br, str(number), str(number + 1)],
        lambda: ["get-aa-mapping", br],
        lambda: ["add-zone-tp", "dp0", f"zone={zone}", f"icmp_first={number}"], lambda: ["--if-exists", "del-zone-tp", "dp0", f"zone={zone}"],
        lambda: ["list-zone-tp", "dp0"],
        lambda: ["set-controller", br, f"tcp:10.0.0.{number}", "ptcp:6653"], lambda: ["del-controller", br], lambda: ["get-controller", br],
        lambda: ["set-fail-mode", br, rng.choice(["secure", "standalone"])], lambda: ["del-fail-mode", br],
        lambda: ["set-manager", f"ptcp:{number}", "ssl:1.2.3.4"], lambda: ["del-manager"],
        lambda: ["set", "bridge", br, f"other_config:k{number}={value}"], lambda: ["set", "bridge", br, f"external_ids={value}"],
        lambda: ["set", "bridge", br, f"flood_vlans={value}"], lambda: ["set", "interface", port, f"lldp:enable={value}"],
        lambda: ["set", "interface", port, f"ofport_request={value}"], lambda: ["set", "bridge", br, f"mcast_snooping_enable={value}"],
        lambda: ["add", "bridge", br, "flood_vlans", f"{number}-{number + 3}"],
        lambda: ["remove", "bridge", br, "other_config", f"k{number}"],
        lambda: ["add", "port", port, "external_ids", f"k={value}"], lambda: ["set", "port", port, f"cvlans={number},{number + 9}"],
        lambda: ["--columns=name", "find", "bridge", rng.choice([f"flood_vlans{op}{number}-{number + 3}" for op in
                                                               ("{<=}", "{<}", "{>=}", "{>}", "{=}", "{!=}", "{in}", "{not-in}", "=", "!=", "<", ">=")])],
        lambda: ["--columns=name", "find", "bridge", rng.choice([f"other_config:k{number}{op}{value}" for op in ("=", "!=", "<", "{=}", "{!=}", "{not-in}")])],
        lambda: ["emer-reset"],
    ])()


def random_lines(rng, count):
    bridges, ports = [f"b{i}" for i in range(4)], [f"p{i}" for i in range(8)]
    columns = ["tag={}".format(rng.randrange(0, 4096)), "trunks=1,2,3", "vlan_mode=trunk", "other_config:a=b",
               'external_ids:"x y"="z,w"', "tag=[]", "vlan_mode=bogus", "lacp=active", "tag=4096", "bond_mode=balance-slb"]

    def one():
        br, port = rng.choice(bridges), rng.choice(ports)
        if rng.random() < 0.45:
            return random_database_words(rng, br, port)
        return rng.choice([
            lambda: [*rng.choice([[], ["--may-exist"]]), "add-br", br],
            lambda: ["add-br", rng.choice(bridges), br, str(rng.randrange(1, 6))],
            lambda: [*rng.choice([[], ["--if-exists"]]), "del-br", br],
            lambda: [*rng.choice([[], ["--may-exist"]]), "add-port", br, port, *rng.sample(columns, rng.randrange(0, 2))],
            lambda: [*rng.choice([[], ["--if-exists"]]), "del-port", *rng.choice([[], [br]]), port],
            lambda: [*rng.choice([[], ["--may-exist"], ["--fake-iface"]]), "add-bond", br, port, *rng.sample(ports, 2)],
            lambda: [*rng.choice([[], ["--may-exist"]]), "add-bond-iface", port, rng.choice(ports)],
            lambda: [*rng.choice([[], ["--if-exists"]]), "del-bond-iface", *rng.choice([[], [port]]), rng.choice(ports)],
            lambda: ["--with-iface", "--if-exists", "del-port", *rng.choice([[], [br]]), port],
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

    yield ["--", "--id=@d", "create", "datapath", "datapath_version=x", "--", "set", "open", ".", "datapaths:dp0=@d"]
    for _ in range(count):
        words = one()
        while rng.random() < 0.3:
            words += ["--", *one()]
        yield words


def same(ours, theirs, words):
    if ours == theirs:
        return True
    if theirs[2].endswith('syntax error at "\n') and ours[2].startswith(theirs[2][:-2]):   # the reference's is cut off
        return ours[:2] == theirs[:2]
    if ours[0] == theirs[0] and (sort_records(ours[1]), ours[2]) == (sort_records(theirs[1]), theirs[2]):
        return True
    return any(p.search(" ".join(words)) for p, _ in PERMITTED) and ours[0] == theirs[0]


DUMP_EVERY = 10


def differing_rows(ours, theirs):
    """Rows that only one of the databases has."""
    a, b = (set(database_dump.dump(f"{side.rundir}/db.sock").split("\n")) for side in (ours, theirs))
    return [f"  turnout:   {row}" for row in sorted(a - b)] + [f"  reference: {row}" for row in sorted(b - a)]


def main():
    bin_dir = os.path.abspath(sys.argv[1])
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 150
    system = "/usr/sbin:/usr/bin:/sbin:/bin"
    schema = f"{TOP}/ovsdb/schema/vswitch.ovsschema"   # one for both, so that what they hold can be compared
    theirs = Side("reference", system, schema)
    ours = Side("turnout", f"{bin_dir}:{system}", schema)
    passed = failed = 0
    try:
        for number, words in enumerate([*fixed_lines(), *random_lines(random.Random(seed), count), ["comment", "the end"]]):
            a, b = ours.run(words), theirs.run(words)
            problem = None if same(a, b, words) else [f"  {name}: status {got[0]}\n    out: {got[1]!r}\n    err: {got[2]!r}"
                                                      for name, got in (("turnout", a), ("reference", b))]
            if not problem and (number % DUMP_EVERY == 0 or words[0] == "comment"):
                problem = differing_rows(ours, theirs)
            if not problem:
                passed += 1
                continue
            failed += 1
            print(f"ovs-vsctl {' '.join(words)}", *problem, sep="\n")
            if differing_rows(ours, theirs):
                print("the databases differ: what follows would be compared on different ground")
                break
    finally:
        ours.stop()
        theirs.stop()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


sys.exit(main())
