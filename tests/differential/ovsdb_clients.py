#!/usr/bin/env python3
"""ovsdb-client and ovsdb-tool of Turnout and of the Debian packages, the same command lines against equal servers of
either project: standard output, standard error and exit status compared. UUIDs and times are replaced, rows sorted where
their order is nobody's promise. Then files: what one tool or client writes, the other reads.

usage: ovsdb_clients.py BIN_DIR"""
import glob
import hashlib
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
STAMP = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z\|\d+\|", re.M)
TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}")
SHORT = re.compile(r"(?<=>)[0-9a-f]{8}(?=</a>)|(?<=row )[0-9a-f]{8}\b|(?<=\()[0-9a-f]{8}(?=\))")
PARSER = re.compile(r"(error reading \"[^\"]*\": )?(line \d+, column \d+, byte \d+|syntax error: object or array expected)[^)\n]*")
# Which of two rows is the first depends on their UUIDs.
FIRST = re.compile(r"First row, with UUID [^\"]*")
RELEASE = re.compile(r"(?<=by ovsdb-tool )3\.\d+\.\d+")
DEADLINE = 20.0
SYSTEM = "/usr/sbin:/usr/bin:/sbin:/bin"

SCHEMA = {"name": "lab", "version": "1.2.3", "cksum": "12345 678", "tables": {
    "T": {"isRoot": True, "indexes": [["name"]], "columns": {
        "name": {"type": "string"}, "n": {"type": "integer"}, "r": {"type": "real"}, "b": {"type": "boolean"},
        "s": {"type": {"key": "string", "min": 0, "max": "unlimited"}},
        "m": {"type": {"key": "string", "value": "integer", "min": 0, "max": "unlimited"}},
        "o": {"type": {"key": "string", "min": 0, "max": 1}},
        "u": {"type": {"key": {"type": "uuid", "refTable": "U"}, "min": 0, "max": "unlimited"}},
        "e": {"type": "string", "ephemeral": True}}},
    "U": {"columns": {"k": {"type": {"key": {"type": "string", "enum": ["set", ["a", "b"]]}}},
                      "w": {"type": {"key": {"type": "uuid", "refTable": "T", "refType": "weak"}, "min": 0, "max": 1}}}},
    "Upper": {"isRoot": True, "columns": {"Zed": {"type": "integer"}, "a_b": {"type": "string"}}}}}
ROLES = {"name": "roles", "tables": {
    "RBAC_Role": {"columns": {"name": {"type": "string"}, "permissions": {"type": {
        "key": "string", "value": {"type": "uuid", "refTable": "RBAC_Permission", "refType": "weak"}, "min": 0, "max": "unlimited"}}}},
    "RBAC_Permission": {"columns": {
        "table": {"type": "string"}, "authorization": {"type": {"key": "string", "min": 0, "max": "unlimited"}},
        "insert_delete": {"type": "boolean"}, "update": {"type": {"key": "string", "min": 0, "max": "unlimited"}}}},
    "T": {"columns": {"n": {"type": "integer"}}}}}
CONTENTS = json.dumps(["lab", {"op": "insert", "table": "T", "row": {
    "name": "one", "n": 1, "r": 1.5, "b": True, "s": ["set", ["x", "y z", "<&>"]], "m": ["map", [["k", 1], ["l m", 2]]],
    "u": ["named-uuid", "u1"], "o": "line1\nline2,\"q\"", "e": "eph"}},
    {"op": "insert", "table": "U", "uuid-name": "u1", "row": {"k": "a"}},
    {"op": "insert", "table": "Upper", "row": {"Zed": 7}}, {"op": "comment", "comment": "first"}])


def wait_for(condition, what):
    deadline = time.monotonic() + DEADLINE
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit(f"waited in vain for {what}")
        time.sleep(0.01)


class Side:
    """A client (and tool) of one project with a server of one project."""

    def __init__(self, client_path, server_path):
        self.dir = tempfile.mkdtemp(prefix="ovsdb-clients-")
        self.env = dict(os.environ, PATH=client_path, LC_ALL="C", TZ="UTC", OVS_PKGDATADIR=self.dir,
                        **{k: self.dir for k in ("OVS_RUNDIR", "OVS_LOGDIR", "OVS_DBDIR", "OVS_SYSCONFDIR")})
        for name, schema in (("lab", SCHEMA), ("vswitch", SCHEMA), ("newer", dict(SCHEMA, version="1.3.0")),
                             ("cksum", dict(SCHEMA, cksum="1 1")), ("absent", dict(SCHEMA, name="absent")), ("roles", ROLES)):
            self.write(f"{name}.ovsschema", json.dumps(schema))
        self.write("garbage", "garbage\n")
        self.write("empty", "")
        subprocess.run(["ovsdb-tool", "create", "lab.db", "lab.ovsschema"], env=dict(self.env, PATH=server_path), cwd=self.dir, check=True)
        self.server = subprocess.Popen(["ovsdb-server", "lab.db", f"--remote=punix:{self.dir}/db.sock", f"--unixctl={self.dir}/s.ctl"],
                                       env=dict(self.env, PATH=server_path), cwd=self.dir, stderr=subprocess.DEVNULL)
        wait_for(lambda: os.path.exists(f"{self.dir}/db.sock") or self.server.poll() is not None, "a database server")
        self.monitors = []

    def write(self, name, text):
        with open(os.path.join(self.dir, name), "w", encoding="utf-8") as file:
            file.write(text)

    def words(self, line):
        return [w.replace("SERVER", f"unix:{self.dir}/db.sock") for w in shlex.split(line)]

    def run(self, line, stdin=None):
        done = subprocess.run(self.words(line), env=self.env, cwd=self.dir, capture_output=True, text=True, check=False,
                              stdin=open(os.path.join(self.dir, stdin), encoding="utf-8") if stdin else subprocess.DEVNULL,
                              timeout=DEADLINE)
        return done.returncode, self.tidy(done.stdout), self.tidy(done.stderr)

    def start(self, line):
        out = os.path.join(self.dir, f"monitor.{len(self.monitors)}")
        with open(out, "w", encoding="utf-8") as file:
            self.monitors.append((line, out, subprocess.Popen(self.words(line), env=self.env, cwd=self.dir, stdout=file,
                                                              stderr=file, stdin=subprocess.DEVNULL)))

    def seen(self, text):
        def all_have():
            return all(text in open(out, encoding="utf-8").read() or process.poll() is not None for _, out, process in self.monitors)
        wait_for(all_have, f"'{text}' in the output of every monitor")

    def end_monitors(self):
        results = []
        for line, out, process in self.monitors:
            process.send_signal(signal.SIGTERM)
            status = process.wait(DEADLINE)
            results.append((line, (status, self.tidy(open(out, encoding="utf-8").read()), "")))
        self.monitors = []
        return results

    def tidy(self, text):
        text = STAMP.sub("", TIME.sub("<time>", SHORT.sub("<short>", UUID.sub("<uuid>", text))))
        text = RELEASE.sub("<release>", text.replace(self.dir + "/", "").replace("/usr/bin/", ""))
        text = FIRST.sub("<rows>", text)
        text = PARSER.sub("<parser>", re.sub(r"by pid \d+", "by pid <pid>", text))
        return "\n".join(sorted(map(self.tidy_json, text.split("\n"))))

    @staticmethod
    def tidy_json(line):
        try:
            value = json.loads(line)
        except ValueError:
            return line
        if isinstance(value, dict) and isinstance(value.get("data"), list):
            value["data"].sort(key=json.dumps)
        for result in value if isinstance(value, list) else []:
            if isinstance(result, dict) and "rows" in result:
                result["rows"].sort(key=json.dumps)
        return json.dumps(value, sort_keys=isinstance(value, dict) and "data" in value)

    def stop(self):
        for _, _, process in self.monitors:
            process.kill()
            process.wait()
        self.server.kill()
        self.server.wait()
        subprocess.run(["rm", "-rf", self.dir], check=False)


class Comparison:
    def __init__(self):
        self.passed = self.failed = 0

    def same(self, what, ours, theirs):
        if ours == theirs:
            self.passed += 1
            return
        self.failed += 1
        print(f"{what}\n  turnout:   {ours!r}\n  reference: {theirs!r}")


def fixed_lines(section):
    """The lines of ovsdb_clients.txt under [section]."""
    with open(os.path.join(HERE, "ovsdb_clients.txt"), encoding="utf-8") as text:
        now = None
        for line in text:
            line = line.rstrip("\n")
            if line.startswith("["):
                now = line[1:-1]
            elif now == section and line and not line.startswith("#"):
                yield line


def compare_commands(cmp, ours, theirs, name):
    for side in (ours, theirs):
        assert side.run(f"ovsdb-client transact {shlex.quote(CONTENTS)}")[0] == 0
    for line in fixed_lines("commands"):
        cmp.same(f"{name}: {line}", ours.run(line), theirs.run(line))


def compare_monitors(cmp, ours, theirs, name):
    """Every monitor sees the same changes; the last makes a row that all of them show."""
    results = []
    for side in (ours, theirs):
        for line in fixed_lines("monitors"):
            side.start(line)
        side.seen("one")
        for line in fixed_lines("changes"):
            side.run(line)
        side.seen("last")
        results.append(side.end_monitors())
    for a, b in zip(*results):
        cmp.same(f"{name}: {a[0]}", a[1], b[1])


def compare_snapshots(cmp, ours, theirs, name):
    """Each client's backup is restored by both, and says the same."""
    dump = "ovsdb-client dump lab T b m n name o r s"
    for maker in (ours, theirs):
        with open(f"{maker.dir}/snapshot", "w", encoding="utf-8") as out:
            subprocess.run(["ovsdb-client", "backup", "lab"], env=maker.env, stdout=out, check=True, timeout=DEADLINE)
        before = maker.run(dump)
        for reader in (ours, theirs):
            subprocess.run(["cp", f"{maker.dir}/snapshot", f"{reader.dir}/foreign"], check=True)
            cmp.same(f"{name}: restore", reader.run("ovsdb-client restore lab", "foreign"), (0, "", ""))
            cmp.same(f"{name}: contents after restore", reader.run(dump), before)
    for line in fixed_lines("restore"):
        words, _, stdin = line.partition(" < ")
        cmp.same(f"{name}: {line}", ours.run(words, stdin), theirs.run(words, stdin))


def framed(magic, record):
    text = json.dumps(record) + "\n"
    return f"OVSDB {magic} {len(text)} {hashlib.sha1(text.encode()).hexdigest()}\n{text}"


def cluster_file(side):
    """A server's log with an entry that a later leader replaced."""
    rows = ["11111111-1111-4111-8111-11111111111%d" % i for i in range(3)]
    sid, eid = "22222222-2222-4222-8222-222222222222", "33333333-3333-4333-8333-333333333333"

    def entry(index, term, row, name):
        return {"term": term, "index": index, "eid": eid, "data": [None, {"T": {rows[row]: {"name": name}}, "_date": 1700000000000}]}
    records = [
        {"name": "lab", "server_id": sid, "local_address": "tcp:127.0.0.1:6644", "cluster_id": eid, "prev_term": 1, "prev_index": 1,
         "prev_servers": {sid: "tcp:127.0.0.1:6644"}, "prev_eid": eid, "prev_data": [SCHEMA, {"T": {rows[0]: {"name": "kept"}}}]},
        {"term": 1, "vote": sid}, {"term": 1, "leader": sid}, entry(2, 1, 1, "replaced"), {"commit_index": 1},
        entry(2, 2, 1, "agreed"), entry(3, 2, 2, "newest"), {"commit_index": 3}]
    side.write("cluster.db", "".join(framed("CLUSTER", r) for r in records))
    side.write("joining.db", framed("CLUSTER", {"name": "lab", "server_id": sid, "local_address": "tcp:127.0.0.1:6645",
                                                "remote_addresses": ["tcp:127.0.0.1:6644", "tcp:127.0.0.1:6646"]}))


def compare_tools(cmp, ours, theirs):
    for side in (ours, theirs):
        cluster_file(side)
    for line in fixed_lines("tool"):
        cmp.same(line, ours.run(line), theirs.run(line))
    for reader, writer in ((ours, theirs), (theirs, ours)):
        for path in sorted(glob.glob(f"{writer.dir}/made*.db")):
            subprocess.run(["cp", path, f"{reader.dir}/foreign.db"], check=True)
            subprocess.run(["cp", path, f"{writer.dir}/foreign.db"], check=True)
            for line in fixed_lines("files"):
                cmp.same(f"{os.path.basename(path)} of the other: {line}", reader.run(line), writer.run(line))


def check_own(cmp, side):
    """What the reference does not do, or does not survive."""
    for line in fixed_lines("own"):
        words, _, expected = line.partition(" => ")
        status, out, err = side.run(words)
        cmp.same(f"own: {words}", f"{status} {(out + err).strip()}", expected)
    status, out, _ = side.run("ovsdb-tool cluster-to-standalone rescued.db cluster.db")
    rows = side.run("ovsdb-tool query rescued.db '[\"lab\",{\"op\":\"select\",\"table\":\"T\",\"where\":[],\"columns\":[\"name\"]}]'")[1]
    names = sorted(row["name"] for row in json.loads(rows)[0]["rows"]) if status == 0 else out
    cmp.same("cluster-to-standalone", names, ["agreed", "kept", "newest"])


def main():
    bin_dir = os.path.abspath(sys.argv[1])
    paths = {"turnout": f"{bin_dir}:{SYSTEM}", "reference": SYSTEM}
    if not os.path.exists("/usr/bin/ovsdb-client"):
        print("the Debian package openvswitch-common is not installed")
        return 77
    cmp = Comparison()
    for server, server_path in paths.items():
        sides = []
        try:
            for client_path in paths.values():
                sides.append(Side(client_path, server_path))
            compare_commands(cmp, *sides, f"server of {server}")
            compare_monitors(cmp, *sides, f"server of {server}")
            compare_snapshots(cmp, *sides, f"server of {server}")
            if server == "turnout":
                compare_tools(cmp, *sides)
                check_own(cmp, sides[0])
        finally:
            for side in sides:
                side.stop()
    print(f"{cmp.passed} passed, {cmp.failed} failed")
    return 1 if cmp.failed or not cmp.passed else 0


sys.exit(main())
