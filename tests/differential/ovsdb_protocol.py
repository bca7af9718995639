#!/usr/bin/env python3
"""Every method, operation, error text and notification of ovsdb-server beside the reference's, request by request.

ovsdb_protocol.py [WORD]    only the groups whose name has the word

RFC 7047 and ovsdb-server(7), section by section. Prints "N passed, N failed"; what may differ is in permitted().
"""
import json
import os
import sys

from ovsdb_pair import Pair, ZERO

GROUPS = []
LIMIT = int(os.environ.get("LIMIT", "10"))     # differences that are told of each group


def group(function):
    GROUPS.append(function)
    return function


ref = lambda table, kind="strong": {"type": "uuid", "refTable": table, "refType": kind}
some = lambda key, **more: {"key": key, "min": 0, "max": "unlimited", **more}
opt = lambda key: {"key": key, "min": 0, "max": 1}
SCHEMA = {"name": "Test", "version": "1.0.0", "tables": {
    "Root": {"isRoot": True, "indexes": [["name"]], "columns": {
        "name": {"type": "string"}, "fixed": {"type": "string", "mutable": False}, "i": {"type": "integer"},
        "r": {"type": "real"}, "b": {"type": "boolean"}, "s": {"type": "string"}, "u": {"type": "uuid"},
        "oi": {"type": opt("integer")}, "os": {"type": opt("string")}, "ob": {"type": opt("boolean")},
        "range": {"type": opt({"type": "integer", "minInteger": 1, "maxInteger": 10})},
        "low": {"type": opt({"type": "integer", "minInteger": -3})},
        "rr": {"type": opt({"type": "real", "minReal": 0.5, "maxReal": 1.5})},
        "color": {"type": opt({"type": "string", "enum": ["set", ["red", "green", "blue"]]})},
        "num": {"type": opt({"type": "integer", "enum": ["set", [1, 3, 5]]})},
        "length": {"type": opt({"type": "string", "minLength": 2, "maxLength": 4})},
        "ints": {"type": some("integer")}, "reals": {"type": some("real")}, "bools": {"type": some("boolean")},
        "uuids": {"type": some("uuid")}, "strings": {"type": {"key": "string", "min": 0, "max": 3}},
        "atleast": {"type": {"key": "integer", "min": 1, "max": 3}},
        "map": {"type": some("string", value="string")}, "imap": {"type": some("integer", value="integer")},
        "rmap": {"type": some("string", value={"type": "integer", "minInteger": 0, "maxInteger": 9})},
        "gone": {"type": "string", "ephemeral": True}, "kids": {"type": some(ref("Kid"))},
        "one": {"type": opt(ref("Kid"))}, "weak": {"type": some(ref("Kid", "weak"))},
        "wmap": {"type": some("string", value=ref("Kid", "weak"))}, "peer": {"type": opt(ref("Root", "weak"))}}},
    "Kid": {"indexes": [["name", "k"]], "columns": {
        "name": {"type": "string"}, "k": {"type": "integer"}, "sub": {"type": opt(ref("Kid"))}}},
    "Single": {"isRoot": True, "maxRows": 2, "columns": {
        "x": {"type": "integer"}, "w": {"type": {"key": ref("Kid", "weak"), "min": 1, "max": 2}}}}}}


def uuid(n):
    return "%08x-0000-4000-8000-000000000000" % n


def row(n):
    return ["uuid", uuid(n)]


class Checker:
    """The pair with its clients a and b; counts what agreed."""

    def __init__(self, pair):
        self.pair, self.passed, self.failed, self.database, self.group, self.shown = pair, 0, 0, "Test", "", {}

    def fresh(self, *clients):
        for name in list(self.pair.sides[0].clients):
            self.pair.disconnect(name)
        if self.pair.revive(["Test"]):
            self.failed += 1
            print(f"the reference died in {self.group} after {self.last}")
        self.pair.connect(*(clients or ("a", "b")))

    def step(self, client, request, show=True):
        self.last = request
        reference, ours = self.pair.step(client, request)
        if reference == ours or permitted(reference, ours):
            self.passed += 1
            return
        self.failed += 1
        self.shown[self.group] = self.shown.get(self.group, 0) + 1
        if show and self.shown[self.group] <= LIMIT:
            print(f"{client}: {request if isinstance(request, bytes) else json.dumps(request)}")
            for name in reference:
                if reference[name] != ours[name]:
                    print(f"  {name} hears from the reference: {json.dumps(reference[name])}")
                    print(f"  {name} hears from ours:          {json.dumps(ours[name])}")

    def call(self, method, *params, client="a", id=1):
        self.step(client, {"method": method, "params": list(params), "id": id})

    def refused(self, method, *params, client="a"):
        """What ends the reference: ours alone is asked, and must answer with an error."""
        side = self.pair.sides[1]
        side.clients[client].send({"method": method, "params": list(params), "id": "refused"})
        heard = self.pair.settle(side)[client]
        if len(heard) == 1 and isinstance(heard[0], dict) and heard[0]["id"] == "refused" and heard[0].get("error"):
            self.passed += 1
        else:
            self.failed += 1
            print(f"ours to {method} {json.dumps(params)}: {json.dumps(heard)}")

    def name_server_rows(self):
        """The rows of _Server have UUIDs of their server's choice."""
        for side in self.pair.sides:
            side.clients["a"].send({"method": "transact", "params": ["_Server", select(table="Database", columns=["_uuid", "name"])], "id": 0})
            for server_row in side.clients["a"].settle()[0]["result"][0]["rows"]:
                side.names[server_row["_uuid"][1]] = f"<{server_row['name']}>"

    def transact(self, *operations, client="a", id=1):
        self.call("transact", self.database, *operations, client=client, id=id)

    def wipe(self):
        """Empties the tables."""
        self.transact(*({"op": "delete", "table": t, "where": []} for t in ("Root", "Single", "Kid")))


def permitted(reference, ours):
    """Whether only what permitted.md lists differs."""
    for client, expected in reference.items():
        got = [m for m in ours[client] if not (isinstance(m, dict) and m.get("error") == "canceled")]
        # The reference tells the owner of a lock again that it owns it whenever another waiter leaves.
        if [m for m in expected if m in got or not (isinstance(m, dict) and m.get("method") == "locked")] != got:
            return False
    return True


def insert(table="Root", **more):
    row = more.pop("row", {})
    return {"op": "insert", "table": table, "row": row, **more}


def select(where=(), table="Root", **more):
    return {"op": "select", "table": table, "where": list(where), **more}


# --- 4.1: methods ---

@group
def requests_and_ids(c):
    for id in ("x", 0, -1, 1.5, True, False, [1, {"a": None}], {"k": [1]}, "", 1e300, "\u20ac\n"):
        c.step("a", {"method": "echo", "params": ["p", {"q": 1}, None, 2.5], "id": id})
    c.step("a", {"method": "echo", "params": [], "id": None})
    c.step("a", {"method": "list_dbs", "params": [], "id": None})
    c.step("a", {"method": "list_dbs", "params": [], "id": "a"})
    c.step("a", {"method": "list_dbs", "params": [1, 2], "id": "a"})
    c.step("a", {"method": "nope", "params": [], "id": "a"})
    c.step("a", {"method": "", "params": [], "id": "a"})
    c.step("a", {"method": "nope", "params": [], "id": None})
    c.step("a", {"method": "cancel", "params": [7], "id": None})
    c.step("a", {"method": "cancel", "params": [7], "id": 8})
    c.step("a", {"method": "transact", "params": ["Test"], "id": None})
    for params in ([], [1], ["Nope"], ["Test"], ["Test", 1], [None], ["_Server"]):
        c.call("get_schema", *params)
    c.call("get_schema", "Test", "x")
    for method in ("transact", "monitor", "monitor_cond", "monitor_cond_since", "convert"):
        for params in ([], [1], ["Nope"], ["Nope", 1, 2], [None, 1]):
            c.call(method, *params)


@group
def malformed_streams(c):
    for data in (b'{"method":"echo"}', b'{"params":[],"method":"echo","id":3,"x":1}', b'{"method":1,"params":[],"id":3}',
                 b'{"method":"echo","params":{},"id":3}', b'{"method":"echo","params":5,"id":3}', b'[]', b'{}', b'5', b'"x"', b'null', b'tru',
                 b'{"method":"echo","params":[],"id":3', b'{"id":3,"result":1}', b'{"id":3,"result":1,"error":null}',
                 b'{"id":3,"result":null,"error":"x"}', b'{"id":3,"result":1,"error":2}', b'{"id":"echo","result":[],"error":null}',
                 b'{"id":null,"result":[],"error":null}', b'{"method":"echo","params":[],"id":3,"result":1}',
                 b'{"method":"echo","params":[],"id":3,"error":1}', b'{"method":"echo","params":[],"id":3,"error":null}',
                 b'{"method":"echo","params":[],"id":3,"result":null}', b'{"method":"echo","params":[1],"params":[2],"id":3}',
                 b'{"method":"echo","params":null,"id":3}', b'{"method":null,"params":[],"id":3}', b'{"method":"echo","params":["\\ud800"],"id":3}',
                 b'{"method":"echo","params":["\\u0000"],"id":3}', b'{"method":"echo","params":["\x01"],"id":3}',
                 b'{"method":"echo","params":[01],"id":3}', b'{"method":"echo","params":[1e999],"id":3}', b'{"method":"echo","params":[-0],"id":3}',
                 b'{"method":"echo","params":[-0.0],"id":3}', b'{"method":"echo","params":[1.0],"id":3}', b'{"method":"echo","params":[1e2],"id":3}',
                 b'{"method":"echo","params":[9223372036854775808],"id":3}', b'{"method":"echo","params":[-9223372036854775808],"id":3}',
                 b'{"method":"echo","params":[-9223372036854775809],"id":3}',
                 b'{"method":"echo","params":[0.1,1e-300,123456789012345678901],"id":3}',
                 b'{"method":"echo","params":[1.5e3,1.25,1e15,1e16,123456.789],"id":3}', b'{"method":"echo","params":["\\ud83d\\ude00\\/\\b\\f"],"id":3}',
                 b'{"method":"echo",,"params":[],"id":3}', b'}', b']', b'{"method":"echo","params":[1,],"id":3}', b"{'a':1}",
                 b'{"method":"echo","params":[],"id":3}{"method":"echo","params":[],"id":4}',
                 b' \r\n\t {"method":"echo","params":[],"id":3}\n\n', b'{"method":"echo","params":[NaN],"id":3}', b'{"method":"echo","params":[.5],"id":3}',
                 b'{"method":"echo","params":[1.],"id":3}', b'{"method":"echo","params":[+1],"id":3}', b'/**/', b'\x00', b'\xef\xbb\xbf{}'):
        c.fresh("a")
        if data == b'{"method":"echo","params":[],"id":3':      # cut off: the rest comes later
            for side in c.pair.sides:
                side.clients["a"].send(data)
            c.step("a", b"}")
        else:
            c.step("a", data)
    for depth in (5, 900, 100000):
        c.fresh("a")
        c.step("a", b'{"method":"echo","params":' + b"[" * depth + b"]" * depth + b',"id":3}')
    c.fresh("a")
    c.step("a", {"method": "echo", "params": ["x" * (3 << 20)], "id": 3})
    c.fresh("a")
    for byte in b'{"method":"echo","params":["a b",{"c":[]}],"id":[3]}':
        for side in c.pair.sides:
            side.clients["a"].send(bytes([byte]))
    c.step("a", b"")
    c.fresh()


@group
def locks(c):
    for params in ([], [1], ["a b"], ["l", "m"], ["_"], ["1x"], [None], [""]):
        for method in ("lock", "steal", "unlock"):
            c.call(method, *params)
    c.fresh()
    c.call("lock", "l", client="a")
    c.call("lock", "l", client="a")
    c.call("steal", "l", client="a")
    c.call("lock", "l", client="b")
    c.call("lock", "l", client="b")
    c.call("unlock", "l", client="a")
    c.call("unlock", "l", client="a")
    c.call("lock", "l", client="a")
    c.transact({"op": "assert", "lock": "l"}, client="a")
    c.transact({"op": "assert", "lock": "l"}, client="b")
    c.call("unlock", "l", client="a")
    c.call("steal", "l", client="a")
    c.transact({"op": "assert", "lock": "l"}, client="a")
    c.transact({"op": "assert", "lock": "l"}, client="b")
    c.call("steal", "l", client="b")
    c.call("unlock", "l", client="b")
    c.call("steal", "l", client="b")
    c.call("steal", "m", client="b")
    c.call("lock", "m", client="a")
    c.pair.connect("d")
    c.call("lock", "m", client="d")
    c.call("steal", "l", client="d")
    c.pair.disconnect("d")
    c.step("a", None)
    c.call("unlock", "m", client="b")
    c.pair.disconnect("b")
    c.step("a", None)
    c.call("unlock", "m", client="a")
    c.transact({"op": "assert"}, {"op": "assert", "lock": "x y"})
    c.transact({"op": "assert", "lock": "nobody"}, insert())
    c.fresh()


@group
def awareness_and_server(c):
    c.name_server_rows()
    for params in ([], [1], [True], [False], [True, True], [None], ["true"]):
        c.call("set_db_change_aware", *params)
    c.call("transact", "_Server", select(table="Database", columns=["name", "model", "connected", "leader", "cid", "sid", "index"]))
    c.call("transact", "_Server", select([["name", "==", "Test"]], table="Database", columns=["schema"]))
    c.call("transact", "_Server", insert("Database"))
    c.call("transact", "_Server", insert("Database", row={"model": "standalone"}), {"op": "comment", "comment": "x"})
    c.call("transact", "_Server", insert("Database", row={"nope": "standalone"}))
    c.call("transact", "_Server", {"op": "update", "table": "Database", "where": [], "row": {"nope": 5}})
    c.call("transact", "_Server", {"op": "update", "table": "Database", "where": [["nope", "==", 1]], "row": {"name": "x"}})
    c.call("transact", "_Server", {"op": "delete", "table": "Database", "where": [["nope", "==", 1]]})
    c.call("transact", "_Server", {"op": "delete", "table": "Database", "where": [False]})
    c.call("transact", "_Server", {"op": "mutate", "table": "Database", "where": [["nope", "==", 1]], "mutations": []})
    c.call("transact", "_Server", {"op": "commit", "durable": False}, {"op": "assert", "lock": "none"})
    c.call("transact", "_Server", {"op": "delete", "table": "Database", "where": []})
    c.call("transact", "_Server", {"op": "update", "table": "Database", "where": [], "row": {}})
    c.call("transact", "_Server", {"op": "mutate", "table": "Database", "where": [], "mutations": []})
    c.call("transact", "_Server", {"op": "comment", "comment": "x"}, {"op": "commit", "durable": True}, {"op": "abort"})
    c.call("monitor", "_Server", "s", {"Database": {"columns": ["name", "connected"]}})
    c.call("convert", "_Server", SCHEMA)
    for params in (["Test"], ["Test", 1], ["Test", {}], ["Test", {"name": "Other", "tables": {}}], ["Test", SCHEMA, 1], ["Nope", SCHEMA]):
        c.call("convert", *params)
    c.fresh()


@group
def cancelling(c):
    wait = {"op": "wait", "table": "Root", "where": [["name", "==", "late"]], "columns": ["i"], "until": "==", "rows": [{"i": 1}]}
    c.wipe()
    c.transact(wait, id="w1")
    c.transact(wait, id="w1")
    c.step("a", {"method": "cancel", "params": ["w1"], "id": None})
    c.step("a", {"method": "cancel", "params": ["w1"], "id": None})
    for n, id in enumerate(([1, 2], {"a": 1}, 5, "5", True, 5.0, None)):
        c.transact(wait, id=id)
        c.step("a", {"method": "cancel", "params": [id], "id": None})
    c.transact(wait, id=6)
    c.step("a", {"method": "cancel", "params": [6, 7], "id": None})
    c.step("a", {"method": "cancel", "params": [], "id": None})
    c.step("b", {"method": "cancel", "params": [6], "id": None})
    c.transact(insert(row={"name": "late", "i": 1}), client="b")
    c.transact(wait, id=7)
    c.wipe()
    for id in (1, 2, 3):
        c.transact(wait, insert(row={"name": "n%d" % id}), id=id)
    c.transact(insert(row={"name": "late", "i": 0}), client="b")
    c.transact({"op": "update", "table": "Root", "where": [["name", "==", "late"]], "row": {"i": 1}}, client="b")
    c.transact(select(columns=["name", "i"]))
    c.transact({**wait, "where": [["name", "==", "never"]]}, insert(row={"name": "no"}), id=9)
    c.pair.disconnect("a")
    for _ in range(2):   # a server that has answered twice has seen a's end
        c.transact(select(columns=["name"]), client="b")
    c.transact(insert(row={"name": "never", "i": 1}), client="b")
    c.transact(select(columns=["name"]), client="b")
    c.fresh()


# --- 5.2: operations ---

@group
def operation_syntax(c):
    for operation in (5, None, "x", [], {}, {"op": 1}, {"op": "nope"}, {"op": "insert"}, {"op": "insert", "table": "Root"},
                      {"op": "insert", "table": 1, "row": {}}, {"op": "insert", "table": "a b", "row": {}},
                      {"op": "insert", "table": "Nope", "row": {}}, {"op": "insert", "table": "Root", "row": []},
                      {"op": "insert", "table": "Root", "row": {}, "more": 1}, {"op": "insert", "table": "Root", "row": {"nope": 1}},
                      {"op": "insert", "table": "Root", "row": {}, "uuid-name": "a b"}, {"op": "insert", "table": "Root", "row": {}, "uuid-name": 1},
                      {"op": "insert", "table": "Root", "row": {}, "uuid": "x"}, {"op": "insert", "table": "Root", "row": {}, "uuid": 1},
                      {"op": "insert", "table": "Root", "row": {}, "uuid": ["uuid", uuid(1)]},
                      {"op": "insert", "table": "Nope"}, {"op": "insert", "table": "Nope", "row": 1, "more": 2},
                      {"op": "select", "table": "Root"}, {"op": "select", "table": "Root", "where": 5}, {"op": "select", "table": "Root", "where": {}},
                      {"op": "select", "table": "Root", "where": [], "columns": ["nope"]}, {"op": "select", "table": "Root", "where": [], "columns": ["i", "i"]},
                      {"op": "select", "table": "Root", "where": [], "columns": [1]}, {"op": "select", "table": "Root", "where": [], "columns": "i"},
                      {"op": "select", "table": "Root", "where": [], "columns": []}, {"op": "select", "table": "Root", "where": [], "sort": ["nope"]},
                      {"op": "select", "table": "Root", "where": [], "sort": ["i"]}, {"op": "select", "table": "Root", "where": [], "columns": ["_uuid", "_version"]},
                      {"op": "update", "table": "Root", "where": []}, {"op": "update", "table": "Root", "where": [], "row": 5},
                      {"op": "update", "table": "Root", "where": [], "row": {"_uuid": ["uuid", ZERO]}},
                      {"op": "update", "table": "Root", "where": [], "row": {"_version": ["uuid", ZERO]}},
                      {"op": "update", "table": "Root", "where": [], "row": {"fixed": "x"}},
                      {"op": "insert", "table": "Root", "row": {"_uuid": ["uuid", uuid(77)]}},
                      {"op": "mutate", "table": "Root", "where": []}, {"op": "mutate", "table": "Root", "where": [], "mutations": 5},
                      {"op": "mutate", "table": "Root", "where": [], "mutations": []}, {"op": "mutate", "table": "Root", "where": [], "mutations": [5]},
                      {"op": "mutate", "table": "Root", "where": [], "mutations": [[]]}, {"op": "mutate", "table": "Root", "where": [], "mutations": [["i", "+=", 1, 2]]},
                      {"op": "delete", "table": "Root"}, {"op": "delete", "table": "Root", "where": [], "x": 1}, {"op": "delete", "where": [], "table": "Root"},
                      {"op": "wait"}, {"op": "wait", "where": []}, {"op": "wait", "where": [], "until": "=="}, {"op": "wait", "where": [], "until": "==", "rows": []}, {"op": "wait", "table": "Nope", "where": []}, {"op": "wait", "table": "Root", "rows": []},
                      {"op": "select"}, {"op": "select", "where": []}, {"op": "update"}, {"op": "update", "row": {}}, {"op": "mutate"}, {"op": "mutate", "mutations": []}, {"op": "delete"}, {"op": "select", "table": "Nope"}, {"op": "update", "table": "Nope"}, {"op": "mutate", "table": "Nope"}, {"op": "delete", "table": "Nope"}, {"op": "wait", "table": "Nope"},
                      {"op": "wait", "table": "Root", "where": [], "columns": ["i"], "until": "==", "rows": [], "timeout": -1},
                      {"op": "wait", "table": "Root", "where": [], "columns": ["i"], "until": "==", "rows": [], "timeout": "x"},
                      {"op": "wait", "table": "Root", "where": [], "columns": ["i"], "until": "==", "rows": [], "timeout": 1.5},
                      {"op": "wait", "table": "Root", "where": [], "columns": ["i"], "until": "<", "rows": [], "timeout": 0},
                      {"op": "wait", "table": "Root", "where": [], "columns": ["i"], "until": 1, "rows": [], "timeout": 0},
                      {"op": "wait", "table": "Root", "where": [], "columns": ["i"], "until": "==", "rows": {}, "timeout": 0},
                      {"op": "wait", "table": "Root", "where": [], "columns": ["i"], "until": "==", "rows": [5], "timeout": 0},
                      {"op": "wait", "table": "Root", "where": [], "columns": ["i"], "until": "==", "rows": [{"nope": 1}], "timeout": 0},
                      {"op": "wait", "table": "Root", "where": [], "columns": ["nope"], "until": "==", "rows": [], "timeout": 0},
                      {"op": "comment"}, {"op": "comment", "comment": 1}, {"op": "comment", "comment": "x", "y": 1}, {"op": "comment", "comment": ""},
                      {"op": "abort"}, {"op": "abort", "x": 1}, {"op": "commit"}, {"op": "commit", "durable": 1}, {"op": "commit", "durable": True},
                      {"op": "commit", "durable": False}, {"op": "assert", "lock": 5}):
        c.transact(operation)
    c.transact()
    c.transact({"op": "comment", "comment": "a"}, {"op": "abort"}, {"op": "comment", "comment": "b"})
    c.transact(insert(row={"name": "x"}), 5, insert())
    c.transact(select(), {"op": "commit", "durable": True}, {"op": "commit", "durable": True})


@group
def inserts(c):
    c.wipe()
    c.transact(insert(uuid=uuid(1), row={"name": "one"}))
    c.transact(insert(uuid=uuid(1), row={"name": "again"}))
    c.transact({"op": "delete", "table": "Root", "where": [["_uuid", "==", row(1)]]}, insert(uuid=uuid(1), row={"name": "again"}))
    c.transact(insert(uuid=uuid(2), row={"name": "a"}), insert(uuid=uuid(2), row={"name": "b"}))
    c.transact(insert(uuid=uuid(2), row={"name": "a"}), {"op": "delete", "table": "Root", "where": [["name", "==", "a"]]}, insert(uuid=uuid(2), row={"name": "b"}))
    c.transact(insert(uuid=uuid(1), table="Kid", row={"name": "same uuid, other table"}))
    c.transact(insert(row={"kids": ["named-uuid", "k"], "name": "f"}), insert("Kid", **{"uuid-name": "k"}))
    c.transact(insert(row={"kids": ["set", [["named-uuid", "k"], ["named-uuid", "l"]]], "name": "g"}), insert("Kid", **{"uuid-name": "k"}, row={"k": 2}))
    c.transact(insert("Kid", **{"uuid-name": "k"}), insert("Kid", **{"uuid-name": "k"}))
    c.transact(insert("Kid", **{"uuid-name": "k"}, uuid=uuid(9), row={"k": 9}), insert(row={"name": "h", "kids": ["named-uuid", "k"]}))
    c.transact(insert(row={"name": "h2", "kids": ["named-uuid", "k"]}), insert("Kid", **{"uuid-name": "k"}, uuid=uuid(10), row={"k": 10}))
    c.transact(insert(row={"name": "i", "kids": row(99)}))
    c.transact(insert(row={"name": "i", "kids": ["named-uuid", "unknown"]}))
    c.transact(insert(row={"name": "i", "weak": ["named-uuid", "unknown"]}))
    c.transact(insert(row={"name": "i", "uuids": ["named-uuid", "unknown"]}))
    c.transact(insert(row={"name": "j", "uuids": ["named-uuid", "me"], "u": ["named-uuid", "me"]}, **{"uuid-name": "me"}))
    c.transact(insert(row={"name": "k", "kids": ["named-uuid", "a b"]}))
    c.transact(insert(row={"name": "k", "kids": ["named-uuid", 5]}))
    c.transact(insert(row={"name": "k", "kids": ["uuid", "zz"]}))
    c.transact(insert(row={"name": "k", "kids": ["uuid", uuid(1).upper()]}))
    c.transact(insert("Kid", row={"name": "orphan"}), select(table="Kid", columns=["name"]))
    c.transact(select(table="Kid", columns=["name", "k"]))
    c.transact(insert(row={"peer": ["named-uuid", "r"], "name": "self"}, **{"uuid-name": "r"}), select([["name", "==", "self"]], columns=["peer"]))
    c.transact(select([["name", "==", ["named-uuid", "r"]]]), select([["_uuid", "==", ["named-uuid", "none"]]], columns=["i"]))
    c.transact(insert("Kid", **{"uuid-name": "r"}, row={"name": "x"}), {"op": "wait", "timeout": 0, "table": "Kid", "where": [["_uuid", "==", ["named-uuid", "r"]]], "columns": ["name"], "until": "==", "rows": [{"name": "x"}]})
    c.transact(insert("Kid", **{"uuid-name": "r"}, row={"name": "x", "sub": ["named-uuid", "r"]}))
    c.transact(insert("Single", row={"x": 1}), insert("Kid", **{"uuid-name": "r"}))
    c.transact(insert("Single", row={"x": 1, "w": ["named-uuid", "r"]}), insert("Kid", **{"uuid-name": "r"}))
    c.transact(insert("Single", row={"x": 1, "w": row(99)}))
    c.transact(insert(row={"name": "dup", "ints": ["set", [1, 1]]}))
    c.transact(insert(row={"name": "dup", "map": ["map", [["a", "b"], ["a", "c"]]]}))
    c.transact(insert(row={"name": "dup", "map": ["map", [["a", "b"], ["a", "b"]]]}))


@group
def values(c):
    """Every column with every kind of value."""
    c.wipe()
    atoms = [0, 1, -1, 5, 11, 1.0, 1.5, -0.0, 1e300, 9223372036854775807, -9223372036854775808, 1e18, 1e19, True, False, None,
             "", "a", "red", "long text", "\u00e4\u20ac\u00df\u00fc\u00e9", "ab\u20ac", "\u0000", row(5), ["uuid", "x"], ["uuid"], ["uuid", uuid(5), 1], ["named-uuid", "q"]]
    sets = [[], ["set"], ["set", []], ["set", 5], ["set", [1]], ["set", [1, 2]], ["set", ["a", "b"]], ["set", [1, "a"]], ["set", [], []], ["set", [["set", [1]]]],
            ["set", [row(5)]], ["set", [0.5, 1]], ["set", [True, False]], ["set", ["a", "b", "c", "d"]], ["set", [1, 1.0]], ["set", [1, 2, 3, 4]],
            ["map", []], ["map"], ["map", 5], ["map", [["a", "b"]]], ["map", [["a"]]], ["map", ["a"]], ["map", [["a", "b", "c"]]], ["map", [[1, 2], [3, 4]]],
            ["map", [["a", 3]]], ["map", [["a", 10]]], ["map", [["a", row(5)]]], ["map", [["a", 1], ["a", 2]]], {}, {"a": 1}, ["x", []], ["uuid", []], [[]], ["set", None]]
    for column in sorted(SCHEMA["tables"]["Root"]["columns"]):
        for value in atoms + sets:
            c.transact(insert(row={column: value}), {"op": "abort"})


@group
def conditions(c):
    c.wipe()
    c.transact(*(insert(uuid=uuid(n), row={"name": "n%d" % n, "i": n % 3 - 1, "r": n / 2, "b": n % 2 == 0, "s": "ab"[n % 2], "oi": ["set", []] if n % 3 else n,
                                          "ints": ["set", list(range(n))], "strings": ["set", ["a", "b", "c"][:n % 4]], "map": ["map", [["k%d" % m, "v"] for m in range(n)]],
                                          "imap": ["map", [[m, n] for m in range(n % 3)]], "u": row(n), "uuids": ["set", [row(m) for m in range(n % 3)]], "reals": ["set", [m / 2 for m in range(n % 4)]],
                                          "bools": ["set", [True][:n % 2]], "atleast": n}) for n in range(1, 7)))
    columns = {"i": [0, 1, "x", ["set", []], ["set", [0]], ["set", [0, 1]]], "r": [1, 1.5, "x", ["set", []]], "b": [True, 1, ["set", []]], "s": ["a", 5, ["set", []]], "u": [row(2), "x", ["set", []]],
               "oi": [3, ["set", []], ["set", [3, 6]], "x"], "os": ["x", ["set", []]], "ob": [True, ["set", []]],
               "ints": [1, ["set", []], ["set", [0, 1]], ["set", [0, "x"]], ["set", [5, 6]], ["set", [0, 0]]],
               "strings": ["a", ["set", ["a", "b"]], ["set", []], ["set", ["a", "b", "c", "d"]]], "map": [["map", []], ["map", [["k0", "v"]]], ["map", [["k0", "v"], ["k1", "w"]]], "x", ["set", []]],
               "imap": [["map", [[0, 1]]], ["map", []]], "uuids": [row(0), ["set", [row(0), row(1)]]], "reals": [0.5, ["set", [0, 0.5]]], "bools": [True, ["set", [True]], ["set", [True, False]]],
               "_uuid": [row(3), ["set", [row(3)]], ["set", []], "x"], "_version": [row(3)], "range": [3, 30, ["set", []]], "color": ["red", "pink"], "atleast": [1, ["set", []], ["set", [1, 2]], ["set", [1, 2, 3, 4]]], "nope": [1]}
    for column, values in columns.items():
        for function in ("==", "!=", "<", "<=", ">", ">=", "includes", "excludes", "nope", "", 5):
            for value in values:
                c.transact(select([[column, function, value]], columns=["name"]))
    for where in ([True], [False], [True, False], [["i", "==", 0], True], [["i", "==", 0], False], [5], ["x"], [[]], [["i"]], [["i", "=="]], [["i", "==", 0, 1]], [[5, "==", 1]],
                  [["i", "==", 0], ["b", "==", True]], [["i", ">", -1], ["i", "<", 1], ["oi", "==", ["set", []]]], [None], [{}], [["i", "==", 0], ["nope", "==", 0]], {"a": 1}):
        c.transact(select(where, columns=["name"]))
        c.transact({"op": "update", "table": "Root", "where": where, "row": {"s": "z"}}, {"op": "delete", "table": "Root", "where": where}, select(columns=["name", "s"]), {"op": "abort"})


@group
def mutations(c):
    c.wipe()
    big = 9223372036854775807
    c.transact(insert(uuid=uuid(1), row={"name": "m", "i": 7, "r": 2.5, "oi": 4, "range": 5, "rr": 1, "ints": ["set", [1, 2, 3]], "reals": ["set", [1, 2]], "strings": ["set", ["a", "b"]], "low": -2,
                                        "map": ["map", [["a", "1"], ["b", "2"]]], "imap": ["map", [[1, 2], [3, 4]]], "rmap": ["map", [["a", 5]]], "atleast": 1, "num": 3, "color": "red",
                                        "uuids": ["set", [row(4), row(5)]], "bools": True, "length": "abc"}))
    arguments = {"i": [1, 0, -1, 2, 1.5, big, -big - 1, "x", ["set", [1, 2]], ["set", []], True], "r": [1, 0, 0.5, 1e308, -1, "x"], "oi": [1, 0, ["set", []], ["set", [1]], ["set", [4]], ["set", [1, 2]]],
                 "range": [1, 6, 0, -5, 11], "rr": [0.5, 2, 1], "low": [1, -5], "num": [2, 1], "ints": [1, 0, 2, ["set", [1, 2]], ["set", [2, 9]], ["set", []], "x", big], "reals": [0.5, 0, ["set", [1]]],
                 "strings": ["a", "z", ["set", ["a", "c"]], ["set", ["x", "y", "z"]], ["set", []], 5, ["set", ["x", "y", "z", "w"]]], "map": [["map", [["a", "1"]]], ["map", [["a", "9"], ["z", "3"]]], ["set", ["a", "q"]], "a", 5, ["map", []], ["set", []]],
                 "imap": [["map", [[1, 9], [5, 6]]], ["set", [1]], 1, 2], "rmap": [["map", [["b", 10]]], ["map", [["b", 3]]], "a", 1], "atleast": [1, ["set", [1]], ["set", [2, 3]], ["set", [2, 3, 4]]],
                 "s": ["x", 1], "b": [True, 1], "u": [row(1)], "uuids": [row(4), ["set", [row(4), row(6)]]], "bools": [True, False, ["set", [True, False]]], "color": ["red", "blue", ["set", ["blue"]], "pink"], "length": ["abc", "de", "x"],
                 "fixed": ["x", 1], "_uuid": [row(1)], "_version": [row(1)], "nope": [1], "kids": [row(99), ["named-uuid", "zz"]], "peer": [row(1), row(99)], "weak": [row(99)], "wmap": [["map", [["a", row(99)]]], "a"]}
    for column, values in arguments.items():
        for mutator in ("+=", "-=", "*=", "/=", "%=", "insert", "delete", "nope", 5):
            for value in values:
                c.transact({"op": "mutate", "table": "Root", "where": [["_uuid", "==", row(1)]], "mutations": [[column, mutator, value]]}, select(columns=[column if column in SCHEMA["tables"]["Root"]["columns"] else "i"]), {"op": "abort"})
    for values in ([["i", "+=", 1], ["i", "*=", 2], ["i", "-=", 3]], [["ints", "insert", 9], ["ints", "delete", 9]], [["i", "+=", big], ["i", "-=", big]], [["nope", "+=", 1], ["i", "/=", 0]], [["i", "/=", 0], ["nope", "+=", 1]]):
        c.transact({"op": "mutate", "table": "Root", "where": [], "mutations": values}, select(columns=["i", "ints"]))
    c.transact({"op": "update", "table": "Root", "where": [], "row": {"i": -9223372036854775808}})
    for mutator, value in (("/=", -1), ("%=", -1), ("-=", 1), ("+=", -1)):
        c.transact({"op": "mutate", "table": "Root", "where": [], "mutations": [["i", mutator, value]]}, select(columns=["i"]), {"op": "abort"})
    c.transact({"op": "mutate", "table": "Root", "where": [], "mutations": [["r", "*=", 1e308], ["r", "*=", 1e308]]}, select(columns=["r"]), {"op": "abort"})
    c.transact({"op": "mutate", "table": "Root", "where": [], "mutations": [["r", "%=", 2]]}, {"op": "abort"})
    c.transact({"op": "mutate", "table": "Root", "where": [], "mutations": [["i", "%=", 0]]}, {"op": "abort"})
    c.transact({"op": "mutate", "table": "Root", "where": [["_uuid", "==", row(42)]], "mutations": [["i", "/=", 0]]})


@group
def waits(c):
    c.wipe()
    c.transact(insert(row={"name": "a", "i": 1}), insert(row={"name": "b", "i": 1}), insert(row={"name": "c", "i": 2}))
    w = lambda until, rows, columns=("i",), where=(), **more: {"op": "wait", "table": "Root", "where": list(where), "columns": list(columns), "until": until, "rows": rows, **more}
    for until in ("==", "!="):
        for rows in ([], [{"i": 1}], [{"i": 1}, {"i": 2}], [{"i": 2}, {"i": 1}, {"i": 1}], [{}], [{"i": 1, "s": "x"}], [{"i": 0}], [{"i": "x"}], [{"i": ["set", [1]]}]):
            c.transact(w(until, rows, timeout=0))
    c.transact(w("==", [{"name": "a"}], ["name", "i"], [["name", "==", "a"]], timeout=0))
    c.transact(w("==", [{"name": "a", "i": 1}], ["name", "i"], [["name", "==", "a"]], timeout=0))
    c.transact(w("==", [{"name": "a", "i": 1}], ["i", "name"], [["name", "==", "a"]], timeout=0), insert(row={"name": "d"}))
    c.transact({"op": "wait", "table": "Root", "where": [["name", "==", "a"]], "until": "==", "rows": [{"name": "a", "i": 1}], "timeout": 0})
    c.transact(w("==", [], [], timeout=0))
    c.transact(w("==", [{}], [], timeout=0))
    c.transact(w("==", [{"_uuid": row(1)}], ["_uuid"], timeout=0))
    c.transact(w("==", [{"kids": ["named-uuid", "zz"]}], ["kids"], timeout=0))
    c.transact(insert(row={"name": "own"}), w("==", [{"name": "own"}], ["name"], [["name", "==", "own"]], timeout=0))
    c.transact(insert(row={"name": "never"}), w("==", [{"name": "no"}], ["name"], [["name", "==", "own2"]], timeout=0), insert())
    c.transact(w("==", [{"i": 9}], timeout=0), 5)
    c.transact(w("==", [{"i": 9}], where=[["name", "==", "a"]]), {"op": "update", "table": "Root", "where": [["name", "==", "a"]], "row": {"s": "done"}}, id=50)
    c.transact(w("==", [{"s": "done"}], ["s"], [["name", "==", "a"]]), insert(row={"name": "second"}), id=51)
    c.transact({"op": "update", "table": "Root", "where": [["name", "==", "a"]], "row": {"i": 9}}, client="b")
    c.transact(select(columns=["name", "i", "s"]))
    c.transact(w("!=", [{"i": 9}], where=[["name", "==", "a"]]), id=52)
    c.transact({"op": "delete", "table": "Root", "where": [["name", "==", "a"]]}, client="b")


@group
def constraints(c):
    c.wipe()
    c.transact(insert(row={"name": "a"}, uuid=uuid(1)), insert(row={"name": "b"}, uuid=uuid(2)))
    c.transact(insert(row={"name": "a"}, uuid=uuid(3)))
    update = lambda where, table="Root", **row: {"op": "update", "table": table, "where": where, "row": row}
    c.transact(update([["name", "==", "a"]], name="t"), update([["name", "==", "b"]], name="a"), update([["name", "==", "t"]], name="b"))
    c.transact(select(columns=["_uuid", "name"]))
    c.transact(update([["name", "==", "a"]], name="b"))
    c.transact(update([], name="same"))
    c.transact(update([["name", "==", "a"]], i=5), insert(row={"name": "a"}, uuid=uuid(4)))
    c.transact({"op": "delete", "table": "Root", "where": [["name", "==", "a"]]}, insert(row={"name": "a"}, uuid=uuid(5)))
    c.transact(insert("Kid", row={"name": "k", "k": 1}, **{"uuid-name": "x"}, uuid=uuid(20)), insert("Kid", row={"name": "k", "k": 1}, **{"uuid-name": "y"}, uuid=uuid(21)), update([["name", "==", "a"]], kids=["set", [["named-uuid", "x"], ["named-uuid", "y"]]]))
    c.transact(insert("Kid", row={"name": "k", "k": 1}, uuid=uuid(20)), insert("Kid", row={"name": "k", "k": 2}, uuid=uuid(21)), update([["name", "==", "a"]], kids=["set", [row(20), row(21)]], one=row(20)), insert(row={"name": "w", "weak": ["set", [row(20), row(21)]], "wmap": ["map", [["a", row(20)], ["b", row(21)]]]}))
    c.transact({"op": "delete", "table": "Kid", "where": [["k", "==", 1]]})
    c.transact({"op": "delete", "table": "Kid", "where": []})
    c.transact(update([["name", "==", "a"]], kids=["set", [row(21)]], one=["set", []]), select(table="Kid", columns=["k"]))
    c.transact(select(table="Kid", columns=["k"]), select([["name", "==", "w"]], columns=["weak", "wmap"]))
    c.transact(insert("Single", row={"x": 1, "w": row(21)}, uuid=uuid(30)))
    c.transact(insert("Single", row={"x": 2, "w": ["set", [row(21), row(50)]]}, uuid=uuid(31)))
    c.transact(insert("Single", row={"x": 3, "w": row(21)}, uuid=uuid(32)))
    c.transact(select(table="Single", columns=["x", "w"]))
    c.transact(update([["name", "==", "a"]], kids=["set", []]))
    c.transact({"op": "delete", "table": "Single", "where": [["x", "==", 1]]}, insert("Single", row={"x": 3, "w": row(21)}, uuid=uuid(32)))
    c.transact({"op": "delete", "table": "Single", "where": []}, update([["name", "==", "a"]], kids=["set", []]))
    c.transact(select(table="Kid"), select([["name", "==", "w"]], columns=["weak", "wmap"]))
    c.transact(insert("Kid", row={"name": "p", "sub": ["named-uuid", "q"]}, **{"uuid-name": "p"}), insert("Kid", row={"name": "q", "sub": ["named-uuid", "p"]}, **{"uuid-name": "q"}))
    c.transact(select(table="Kid", columns=["name"]))
    c.transact(insert("Kid", row={"name": "p", "sub": ["named-uuid", "q"]}, **{"uuid-name": "p"}), insert("Kid", row={"name": "q"}, **{"uuid-name": "q"}), update([["name", "==", "a"]], one=["named-uuid", "p"]))
    c.transact(update([["name", "==", "a"]], one=["set", []]), select(table="Kid", columns=["name"]))
    c.transact(select(table="Kid", columns=["name"]))
    c.transact(update([["name", "==", "a"]], peer=row(1)), {"op": "delete", "table": "Root", "where": [["_uuid", "==", row(1)]]}, select(columns=["name", "peer"]))
    c.transact(select(columns=["name", "peer"]))


# --- 4.1.5 – 4.1.15: monitors ---

@group
def monitor_requests(c):
    c.wipe()
    c.transact(insert(row={"name": "a", "i": 1, "ints": ["set", [1, 2]]}, uuid=uuid(1)))
    requests = [{}, 5, [], None, {"Nope": {}}, {"Root": 5}, {"Root": {}}, {"Root": []}, {"Root": [{}]}, {"Root": [5]}, {"Root": {"columns": []}}, {"Root": {"columns": ["nope"]}}, {"Root": {"columns": 5}},
                {"Root": {"columns": [5]}}, {"Root": {"columns": ["i", "i"]}}, {"Root": [{"columns": ["i"]}, {"columns": ["i"]}]}, {"Root": [{"columns": ["i"]}, {"columns": ["name"]}]}, {"Root": [{}, {"columns": ["i"]}]},
                {"Root": {"select": {"initial": False}}}, {"Root": {"select": {"nope": False}}}, {"Root": {"select": 5}}, {"Root": {"select": {"initial": 1}}}, {"Root": {"select": {}}}, {"Root": {"more": 1}}, {"Root": {"columns": ["_uuid"]}},
                {"Root": {"columns": ["_uuid", "_version", "i"]}}, {"Root": {"columns": ["i"]}, "Kid": {"columns": ["k"]}}, {"Root": {"columns": ["i"], "where": []}}, {"Root": [{"columns": ["i"], "where": [["i", "==", 1]]}]},
                {"Root": [{"columns": ["i"], "where": [["i", "==", 2]]}]}, {"Root": [{"columns": ["i"], "where": [True]}]}, {"Root": [{"columns": ["i"], "where": [False]}]}, {"Root": [{"columns": ["i"], "where": [False, True]}]}, {"Root": [{"columns": ["i"], "where": [["nope", "==", 2]]}]},
                {"Root": [{"columns": ["i"], "where": 5}]}, {"Root": [{"columns": ["i"], "where": [5]}]}, {"Root": [{"columns": ["i"], "where": [["i", "==", "x"]]}]}, {"Root": [{"columns": ["i"], "where": [["name", "==", "a"]]}]},
                {"Root": [{"columns": ["i"], "where": [["ints", "includes", 1]]}]}, {"Root": [{"columns": ["i"], "where": [["ints", "<", 1]]}]},
                {"Root": [{"columns": ["i"], "where": [["_uuid", "==", row(1)]]}]}, {"Root": [{"columns": ["i"], "where": [["_uuid", "==", ["named-uuid", "x"]]]}]},
                {"Root": [{"columns": ["i"], "where": [["i", "<", 5]]}]}, {"Root": [{"columns": ["i"], "where": [["oi", "<", 5]]}]}, {"Root": [{"columns": ["i"], "where": [["s", "==", "x"], ["i", "!=", 2]]}]},
                {"a b": {}}, {"Root": {"columns": ["i"]}, "Nope": {}}]
    for method in ("monitor", "monitor_cond", "monitor_cond_since"):
        for n, request in enumerate(requests):
            c.call(method, "Test", [method, n], request, *([ZERO] if method.endswith("since") else []))
            c.transact({"op": "update", "table": "Root", "where": [], "row": {"i": 2}}, client="b")
            c.transact({"op": "update", "table": "Root", "where": [], "row": {"i": 1}}, insert(row={"name": "b"}, uuid=uuid(2)), client="b")
            c.transact({"op": "delete", "table": "Root", "where": [["name", "==", "b"]]}, client="b")
            c.call("monitor_cancel", [method, n])
            if c.pair.sides[0].process.poll() is not None:
                c.fresh()
        right = 4 if method.endswith("since") else 3
        for params in ([], ["Test"], ["Test", 1], ["Test", 1, {}, 1, 1], ["Test", 1, {}], ["Test", 2, {}, ZERO], ["Test", 3, {}, "x"], ["Test", 4, {}, 5], ["Test", 5, {}, uuid(1)], ["Test", 5, {}, uuid(1)]):
            (c.call if len(params) in (0, right) else c.refused)(method, *params)
    for params in ([], [1], [1, 2], ["nope"], [["monitor", 0]], [["monitor", 0]], [None], [{"a": 1}]):
        c.call("monitor_cancel", *params)
    c.transact({"op": "update", "table": "Root", "where": [], "row": {"i": 2}})
    c.transact(insert(row={"name": "b"}, uuid=uuid(2)), client="b")
    c.transact({"op": "delete", "table": "Root", "where": []}, client="b")
    c.fresh()


@group
def monitor_updates(c):
    c.wipe()
    everything = {t: {} for t in SCHEMA["tables"]}
    for select_ in ("initial", "insert", "delete", "modify"):
        c.call("monitor", "Test", select_, {"Root": {"columns": ["i", "ints"], "select": {k: k == select_ for k in ("initial", "insert", "delete", "modify")}}})
        c.call("monitor_cond", "Test", ["c", select_], {"Root": [{"columns": ["i", "ints"], "where": [["i", ">", 0]], "select": {k: k == select_ for k in ("initial", "insert", "delete", "modify")}}]})
    c.call("monitor", "Test", "mixed", {"Root": [{"columns": ["i"], "select": {"insert": False}}, {"columns": ["s"], "select": {"delete": False}}]})
    c.call("monitor", "Test", None, everything, client="b")
    c.call("monitor_cond", "Test", {"id": 2}, {t: [{}] for t in everything}, client="b")
    c.call("monitor_cond_since", "Test", "three", {"Root": [{"where": [["b", "==", True]]}]}, ZERO, client="b")
    c.call("monitor", "Test", "uuid", {"Root": {"columns": ["_uuid", "s"]}, "Kid": {"columns": []}}, client="b")
    do = lambda *operations: c.transact(*operations)
    update = lambda **row: do({"op": "update", "table": "Root", "where": [["_uuid", "==", ["uuid", uuid(1)]]], "row": row})
    do(insert(uuid=uuid(1), row={"name": "a"}))
    do(insert(uuid=uuid(2), row={"name": "b", "i": 1, "b": True, "ints": ["set", [1]]}))
    update(i=1)
    update(i=2, b=True, s="x")
    update(i=0)
    update(ints=["set", [1, 2, 3]], map=["map", [["a", "1"], ["b", "2"]]], oi=3, strings="x", imap=["map", [[1, 1]]], atleast=["set", [0, 1]])
    update(ints=["set", [2, 3, 4]], map=["map", [["b", "3"], ["c", "4"]]], oi=["set", []], strings=["set", ["x", "y"]], imap=["map", []], atleast=1)
    update(ints=["set", [2]], map=["map", []], oi=5, strings=["set", []], gone="e", r=1.5, color="red")
    update(ints=2)
    update(b=False)
    update(i=5, b=True)
    do({"op": "mutate", "table": "Root", "where": [], "mutations": [["i", "+=", 1], ["i", "-=", 1]]})
    do({"op": "update", "table": "Root", "where": [], "row": {"s": "t"}}, {"op": "update", "table": "Root", "where": [], "row": {"s": "x"}})
    do(insert(uuid=uuid(3), row={"name": "c", "b": True}), {"op": "delete", "table": "Root", "where": [["name", "==", "c"]]})
    do(insert("Kid", uuid=uuid(7), row={"k": 1}), {"op": "update", "table": "Root", "where": [["name", "==", "a"]], "row": {"kids": row(7)}}, {"op": "update", "table": "Root", "where": [["name", "==", "b"]], "row": {"weak": row(7), "wmap": ["map", [["x", row(7)]]]}})
    do({"op": "update", "table": "Root", "where": [["name", "==", "a"]], "row": {"kids": ["set", []]}})
    c.transact({"op": "update", "table": "Root", "where": [], "row": {"i": 77}}, client="b")
    c.call("monitor_cancel", None, client="b")
    c.call("monitor_cancel", {"id": 2}, client="b")
    do({"op": "delete", "table": "Root", "where": [["name", "==", "a"]]})
    do({"op": "delete", "table": "Root", "where": []})
    c.fresh()


@group
def condition_changes(c):
    c.wipe()
    c.transact(*(insert(uuid=uuid(n), row={"name": "n%d" % n, "i": n, "b": n % 2 == 0}) for n in range(1, 6)))
    for params in ([], [1], [1, 2, {}], [1, 2, 3]):
        c.call("monitor_cond_change", *params)
    c.call("monitor", "Test", "plain", {"Root": {"columns": ["i"]}})
    for method, id, more in (("monitor_cond", "two", []), ("monitor_cond_since", "three", [ZERO])):
        c.call(method, "Test", id, {"Root": [{"columns": ["i", "b"], "where": [["i", "<", 3]]}], "Kid": [{"columns": ["k"]}]}, *more)
        change = lambda new, old=id, to=None: c.call("monitor_cond_change", old, id if to is None else to, new)
        for bad in (5, [], None, {"Nope": [{}]}, {"Single": [{}]}, {"Root": {}}, {"Root": {"where": []}}, {"Root": 5}, {"Root": [5]}, {"Root": [{"columns": ["i"]}]}, {"Root": [{"columns": ["i", "b"], "where": [["i", "==", 1]]}]}, {"Root": [{"more": 1}]},
                    {"Root": [{"where": 5}]}, {"Root": [{"where": [5]}]}, {"Root": [{"where": [["nope", "==", 1]]}]}, {"Root": [{"where": [["i", "==", "x"]]}]}, {}, {"Root": []},
                    {"Root": [{"where": [["i", "==", 1]]}], "Nope": [{}]}):
            change(bad)
        change({"Root": [{"where": [["i", "==", 4]]}]})
        change({"Root": [{"where": [["i", "==", 4]]}]})
        change({"Root": [{"where": [["i", "==", 4], ["i", "==", 1]]}]})
        change({"Root": [{"where": [False]}]})
        change({"Root": [{"where": [True]}]})
        change({"Root": [{"where": []}]})
        change({"Root": [{"where": [["b", "==", True]]}]}, to=[id, "new"])
        change({"Root": [{"where": [["b", "==", False]]}]})
        c.call("monitor_cond_change", [id, "new"], id, {"Root": [{"where": [["name", "==", "n1"]]}]})
        c.call("monitor_cond_change", id, "plain", {"Root": [{"where": [["name", "==", "n2"]]}]})
        c.transact({"op": "update", "table": "Root", "where": [["i", "==", 1]], "row": {"name": "m1"}}, client="b")
        c.transact({"op": "update", "table": "Root", "where": [["i", "==", 1]], "row": {"name": "n1"}}, client="b")
        c.transact({"op": "update", "table": "Root", "where": [["i", "==", 1]], "row": {"b": True}}, client="b")
        c.transact({"op": "update", "table": "Root", "where": [["i", "==", 1]], "row": {"b": False}}, client="b")
        change({"Root": [{"where": [["_uuid", "==", row(1)]]}], "Kid": [{"where": [False]}]})
        change({"Root": [{"where": [["ints", "==", ["set", []]], ["i", ">=", 4]]}]})
        c.call("monitor_cond_change", "plain", "plain", {"Root": [{"where": [["i", "==", 1]]}]})
    c.transact({"op": "update", "table": "Root", "where": [["i", "==", 2]], "row": {"i": 20}}, client="b")
    c.fresh()


@group
def conversion(c):
    """Last: it changes the schema. Who is not aware of changes is disconnected."""
    c.wipe()
    c.transact(insert(uuid=uuid(1), row={"name": "a", "i": 1, "s": "x", "kids": ["named-uuid", "k"]}), insert("Kid", **{"uuid-name": "k"}, row={"name": "kid"}, uuid=uuid(2)))
    c.pair.connect("d")
    c.name_server_rows()
    c.call("set_db_change_aware", True, client="a")
    c.call("set_db_change_aware", True, client="b")
    c.call("monitor", "Test", "m", {"Root": {"columns": ["name", "i"]}}, client="a")
    c.call("monitor_cond", "Test", "n", {"Root": [{"columns": ["name", "i"]}]}, client="b")
    c.call("monitor", "_Server", "s", {"Database": {"columns": ["name", "model", "connected"]}}, client="b")
    c.call("monitor", "Test", "d", {"Root": {"columns": ["name", "i"]}}, client="d")
    wait = {"op": "wait", "table": "Root", "where": [], "columns": ["i"], "until": "==", "rows": [{"i": 100}]}
    c.transact(wait, client="b", id="waiting")
    bad = json.loads(json.dumps(SCHEMA))
    bad["tables"]["Root"]["columns"]["i"]["type"] = {"key": {"type": "integer", "maxInteger": 0}}
    c.call("convert", "Test", bad)
    bad["tables"]["Root"]["columns"]["i"]["type"] = "string"
    c.call("convert", "Test", bad)
    bad["tables"]["Root"]["columns"]["i"]["type"] = "nope"
    c.call("convert", "Test", bad)
    new = json.loads(json.dumps(SCHEMA))
    del new["tables"]["Root"]["columns"]["s"]
    new["tables"]["Root"]["columns"]["added"] = {"type": "integer"}
    new["tables"]["Fresh"] = {"isRoot": True, "columns": {"z": {"type": "string"}}}
    new["version"] = "2.0.0"
    c.call("convert", "Test", new, client="a")
    c.step("b", None)
    c.call("get_schema", "Test")
    c.transact(select(columns=["name", "i", "added", "kids"]), insert("Fresh", row={"z": "y"}))
    c.transact({"op": "update", "table": "Root", "where": [], "row": {"i": 100}}, client="b")
    c.fresh("a")     # alone: when others are disconnected, before or after the answer, is the server's choice
    c.call("convert", "Test", SCHEMA)
    c.fresh()
    c.transact(select(columns=["name", "i", "s", "kids"]))


sys.setrecursionlimit(20000)


def main():
    word = sys.argv[1] if len(sys.argv) > 1 else ""
    with Pair() as pair:
        pair.create(SCHEMA)
        pair.start(["Test"])
        checker = Checker(pair)
        for function in GROUPS:
            if word not in function.__name__:
                continue
            checker.fresh()
            checker.group = function.__name__
            before = checker.failed
            function(checker)
            if checker.failed > before:
                print(f"-- {function.__name__}: {checker.failed - before} failed")
    print(f"{checker.passed} passed, {checker.failed} failed")
    return 1 if checker.failed else 0


if __name__ == "__main__":
    sys.exit(main())
