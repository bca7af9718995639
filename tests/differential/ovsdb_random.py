#!/usr/bin/env python3
"""Random schemas, transactions and monitors on ovsdb-server and the reference's, in lockstep: what every client hears is
compared after each request. Now and then both servers stop and each goes on with the other's file.

ovsdb_random.py [--seed N] [--schemas N] [--steps N] [--seconds N]

Each schema takes a seed of its own, counted up from --seed; --seconds ends a run early. Prints "N passed, N failed".
"""
import argparse
import json
import random
import re
import shutil
import sys
import time

from ovsdb_pair import Connection, Pair, ZERO
from ovsdb_schemas import Operations, Schemas

CLIENTS = ("a", "b", "c")


def normal_details(text):
    """Which of several violations is found first follows the order of hash tables."""
    text = re.sub(r"-?\d+\.\d{13,}", lambda m: "%.14g" % float(m.group()), text)
    text = re.sub(r'"wait" timed out after \d+ ms|"where" clause test failed', "timed out", text)    # a timeout of 0 may take 1 ms
    if text.startswith(("Deletion of ", "Weak reference column")):
        return "weak references gone"
    if text.startswith(("Table ", "cannot delete ", "transaction causes ", "Transaction causes ")):
        return re.sub(r"[\"<].*", "", text.split(" column ")[0])[:16]
    return text


def is_empty(row):
    """A change of nothing, or of the version alone: see permitted.md."""
    change = row.get("modify") if "modify" in row else row.get("old") if "new" in row and "old" in row else None
    return change is not None and not set(change) - {"_version"}


def normal(message):
    if not isinstance(message, dict):
        return message
    for result in message.get("result") if isinstance(message.get("result"), list) else []:
        if isinstance(result, dict) and isinstance(result.get("details"), str):
            result["details"] = normal_details(result["details"])
    if str(message.get("method", "")).startswith("update"):
        tables = {t: kept for t, rows in message["params"][-1].items() if (kept := {i: r for i, r in rows.items() if not is_empty(r)})}
        return {**message, "params": [*message["params"][:-1], tables]} if tables else None
    return None if message.get("error") == "canceled" else message


def permitted(request, reference, ours):
    """Whether two replies differ only in which bad member of an object was found first, at the same operation."""
    if not isinstance(request, dict) or len(reference) != len(ours):
        return False
    for a, b in zip(reference, ours):
        if a == b:
            continue
        if request["method"] != "transact":
            return "error" in a and "error" in b and a["error"] is not None and b["error"] is not None
        results = [m.get("result") for m in (a, b)]
        if not all(isinstance(r, list) for r in results) or len(results[0]) != len(results[1]):
            return False
        for index, (x, y) in enumerate(zip(*results)):
            if x == y:
                continue
            operation = request["params"][index + 1] if index + 1 < len(request["params"]) else None
            if not (isinstance(x, dict) and isinstance(y, dict) and "error" in x and "error" in y):
                return False
            if operation is None:       # at commit
                return x["error"] == y["error"]
            if isinstance(operation, dict) and operation.get("op") == "mutate":
                continue            # the first row in which it fails
            rows = operation.get("rows", [operation.get("row", {})]) if isinstance(operation, dict) else []
            if not any(isinstance(row, dict) and len(row) > 1 for row in rows):
                return False
    return True


class Run:
    """One schema: a pair of servers and what the generator knows of them."""

    def __init__(self, seed):
        self.seed, self.random = seed, random.Random(seed)
        self.schema = Schemas(self.random).schema()
        self.operations = Operations(self.random, self.schema)
        self.monitors = {c: {} for c in CLIENTS}      # id: (method, requests)
        self.number, self.passed, self.failed = 0, 0, 0

    def compare(self, request, heard):
        reference, ours = ({c: [n for m in messages if (n := normal(m))] for c, messages in side.items()} for side in heard)
        if reference == ours:
            self.passed += 1
            return True
        if all(reference[c] == ours[c] or permitted(request, reference[c], ours[c]) for c in reference):
            self.passed += 1
            return True
        if self.pair.sides[0].process.poll() is not None:
            print(f"seed {self.seed}, step {self.pair.steps}: the reference died")
            return False
        self.failed += 1
        print(f"seed {self.seed}, step {self.pair.steps}: {json.dumps(request)}")
        for c in reference:
            if reference[c] != ours[c]:
                print(f"  {c} hears from the reference: {json.dumps(reference[c], sort_keys=True)}")
                print(f"  {c} hears from ours:          {json.dumps(ours[c], sort_keys=True)}")
        return False

    def request(self):
        r = self.random
        client = r.choice(CLIENTS)
        self.number += 1
        kind = r.choices(["transact", "monitor", "change", "cancel", "forget", "lock", "leave"], [100, 6, 7, 3, 1, 1, 1])[0]
        mine = self.monitors[client]
        conditional = [i for i, (method, _) in mine.items() if method != "monitor"]
        if kind == "monitor" and len(mine) < 4:
            method = r.choice(["monitor", "monitor_cond", "monitor_cond_since"])
            requests = self.operations.monitor(method != "monitor")
            mine[self.number] = (method, requests)
            since = [ZERO] if method == "monitor_cond_since" else []
            return client, {"method": method, "params": ["Random", self.number, requests] + since, "id": self.number}
        if kind == "change" and conditional:
            old = r.choice(conditional)
            return client, {"method": "monitor_cond_change", "params": [old, old, self.operations.condition_change(mine[old][1])],
                            "id": self.number}
        if kind == "cancel" and mine:
            gone = r.choice(list(mine))
            del mine[gone]
            return client, {"method": "monitor_cancel", "params": [gone], "id": self.number}
        if kind == "forget":
            return client, {"method": "cancel", "params": [r.randint(max(1, self.number - 30), self.number)], "id": None}
        if kind == "lock":
            return client, {"method": r.choice(["lock", "unlock"]), "params": ["l" + client], "id": self.number}
        if kind == "leave":
            self.monitors[client] = {}
            self.pair.disconnect(client)
            self.pair.connect(client)
            return client, None
        operations = self.operations.transaction()
        self.operations.learn(operations, self.pair.steps + 1)
        return client, {"method": "transact", "params": ["Random", *operations], "id": self.number}

    def contents(self):
        """Everything in the database, compared."""
        selects = [{"op": "select", "table": t, "where": [], "columns": ["_uuid", *sorted(v["columns"])]}
                   for t, v in self.schema["tables"].items()]
        request = {"method": "transact", "params": ["Random", *selects], "id": "contents"}
        return self.compare(request, self.pair.step("a", request))

    def start(self):
        self.monitors = {c: {} for c in CLIENTS}
        self.pair.start(["Random"])
        self.pair.connect(*CLIENTS)

    def compact(self):
        for side in self.pair.sides:
            control = Connection(side.directory + "/ctl")
            control.send({"method": "ovsdb-server/compact", "params": [], "id": 0})
            if control.receive().get("error") is not None:
                raise RuntimeError(f"{side.name} does not compact")
            control.close()

    def steps(self, count, until):
        with Pair() as self.pair:
            self.pair.create(self.schema)
            self.start()
            for n in range(1, count + 1):
                if time.monotonic() > until:
                    break
                client, request = self.request()
                if not self.compare(request, self.pair.step(client, request)):
                    break       # what follows would differ as well
                if n % 97 == 0 and (not self.contents() or not self.restarts()):
                    break

    def restarts(self):
        """Exchanges the files, and has each server write the other's anew: release 3.1 cannot read some of its own."""
        self.pair.stop()
        one, other = self.pair.sides
        shutil.move(one.file("Random"), one.file("Random") + ".moved")
        shutil.move(other.file("Random"), one.file("Random"))
        shutil.move(one.file("Random") + ".moved", other.file("Random"))
        one.names, other.names = other.names, one.names
        self.start()
        same = self.contents()
        self.compact()
        return same


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--schemas", type=int, default=20)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=1e9)
    args = parser.parse_args()
    until = time.monotonic() + args.seconds
    passed = failed = 0
    for seed in range(args.seed, args.seed + args.schemas):
        if time.monotonic() > until:
            break
        run = Run(seed)
        run.steps(args.steps, until)
        passed, failed = passed + run.passed, failed + run.failed
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
