"""Random, seeded schemas, values, conditions and operations of OVSDB, mostly valid and sometimes subtly not."""

ATOMS = {
    "integer": [0, 1, 2, 3, 5, 9, 11, -4, 2**62, 9223372036854775807, -9223372036854775808],
    "real": [0, 1, -1.5, 0.25, 1e300, 3, 2.5, -7],     # few digits: release 3.1 keeps 15
    "boolean": [True, False],
    "string": ["", "a", "bb", "red", "green", "pink", "long text", "\u00e4\u20ac", 'q"\\\n', "0"]}
WRONG = [7, "x", True, 2.5, None, ["set", []], {}, ["uuid", "x"], ["map", []], ["named-uuid", "nobody"]]
FUNCTIONS = ["==", "==", "!=", "<", "<=", ">", ">=", "includes", "excludes", "bad"]
MUTATORS = ["+=", "-=", "*=", "/=", "%=", "insert", "insert", "delete", "delete", "bad"]


def base_of(kind):
    return kind if isinstance(kind, dict) and "key" in kind else {"key": kind}


class Schemas:
    """Makes schemas. A table whose rows hold weak references ("holder") is a root and has no strong ones: release 3.1
    leaves dangling references in rows that the same transaction changes, so these are never changed together."""

    def __init__(self, random):
        self.random = random

    def atomic(self, tables, kinds):
        r = self.random
        kind = r.choice(kinds)
        if kind == "uuid":
            return r.choice(["uuid", {"type": "uuid"}])
        if kind in ("strong", "weak"):
            return {"type": "uuid", "refTable": r.choice(tables), **({} if kind == "strong" and r.random() < 0.5 else {"refType": kind})}
        base = {"type": kind}
        x = r.random()
        if x < 0.2 and kind != "boolean":
            base["enum"] = ["set", r.sample(ATOMS[kind], 3)]
        elif x < 0.4 and kind == "integer":
            base["minInteger"] = r.choice([0, -4])
            if r.random() < 0.6:
                base["maxInteger"] = r.choice([10, 2**62])
        elif x < 0.4 and kind == "real":
            base["minReal"], base["maxReal"] = -2, 3.5
        elif x < 0.4 and kind == "string":
            base["maxLength"] = r.choice([3, 6])
        return base if len(base) > 1 or r.random() < 0.5 else kind

    def column(self, tables, kinds):
        r = self.random
        key, shape = self.atomic(tables, kinds), r.random()
        if shape < 0.35:
            kind = {"key": key} if isinstance(key, dict) or r.random() < 0.3 else key
        elif shape < 0.55:
            kind = {"key": key, "min": 0, "max": 1}
        elif shape < 0.8:
            kind = {"key": key, "min": r.choice([0, 0, 1]), "max": r.choice([2, 3, "unlimited", "unlimited"])}
        else:
            kind = {"key": key, "value": self.atomic(tables, kinds), "min": 0, "max": r.choice([2, "unlimited", "unlimited"])}
        column = {"type": kind}
        weak = "weak" in str(kind)
        if r.random() < 0.1 and not weak:
            column["mutable"] = False
        if r.random() < 0.1 and not weak:
            column["ephemeral"] = True
        return column

    def schema(self):
        r = self.random
        names = ["T%d" % i for i in range(r.randint(2, 5))]
        tables = {}
        for name in names:
            holder = r.random() < 0.4
            plain = ["integer", "real", "boolean", "string", "string", "uuid"]
            columns = {"c%d" % i: self.column(names, plain + (["weak"] * 3 if holder else ["strong"] * 2)) for i in range(r.randint(2, 7))}
            table = {"columns": columns, "isRoot": True if holder or r.random() < 0.4 else r.choice([True, False])}
            if r.random() < 0.15:
                table["maxRows"] = r.choice([1, 3, 8])
            firm = [c for c, v in columns.items() if not v.get("ephemeral")]
            if firm and r.random() < 0.4:
                table["indexes"] = [r.sample(firm, r.randint(1, min(2, len(firm)))) for _ in range(r.randint(1, 2))]
            tables[name] = table
        return {"name": "Random", "version": "1.%d.0" % r.randint(0, 9), "tables": tables}


class Operations:
    """Makes operations on the tables of one schema. Rows are known by UUID, or by the label "<step.operation>" of one
    that the servers chose."""

    def __init__(self, random, schema):
        self.random, self.schema = random, schema
        self.tables = schema["tables"]
        self.holders = [t for t in self.tables if '"weak"' in str(self.tables[t]).replace("'", '"')]
        self.known = {t: [] for t in self.tables}
        self.names, self.wrong = [], 0.03

    def new_uuid(self):
        bits = "%032x" % self.random.getrandbits(128)
        return "-".join((bits[:8], bits[8:12], "4" + bits[13:16], "8" + bits[17:20], bits[20:]))

    def atom(self, base):
        r = self.random
        if r.random() < self.wrong:
            return r.choice(WRONG)
        kind = base if isinstance(base, str) else base["type"]
        if kind != "uuid":
            if isinstance(base, dict) and "enum" in base and r.random() < 0.95:
                return r.choice(base["enum"][1])
            atoms = ATOMS[kind]
            if isinstance(base, dict) and r.random() < 0.9:
                atoms = [a for a in atoms if base.get("minInteger", -2**63) <= a <= base.get("maxInteger", 2**63)] if kind == "integer" else atoms
                atoms = [a for a in atoms if base.get("minReal", -1e308) <= a <= base.get("maxReal", 1e308)] if kind == "real" else atoms
                atoms = [a for a in atoms if len(a) <= base.get("maxLength", 99)] if kind == "string" else atoms
            return r.choice(atoms)
        table = base.get("refTable") if isinstance(base, dict) else None
        if table:
            names = [n for n in self.names if n.startswith(table)] or ["nobody"]
            if r.random() < (0.3 if names != ["nobody"] else self.wrong):
                return ["named-uuid", r.choice(names)]
            if r.random() < 0.93 and self.known[table]:
                return ["uuid", r.choice(self.known[table])]
        return ["uuid", self.new_uuid()]

    def value(self, column, most=None):
        r, kind = self.random, base_of(column["type"])
        low, high = kind.get("min", 1), kind.get("max", 1)
        high = most or (4 if high == "unlimited" else high)
        n = r.randint(low, high) if r.random() > self.wrong else r.randint(0, high + 1)
        if "value" in kind:
            pairs = [[self.atom(kind["key"]), self.atom(kind["value"])] for _ in range(n)]
            if r.random() > self.wrong:
                pairs = [p for i, p in enumerate(pairs) if p[0] not in [q[0] for q in pairs[:i]]]
            return ["map", pairs]
        if n == 1 and r.random() < 0.5:
            return self.atom(kind["key"])
        atoms = [self.atom(kind["key"]) for _ in range(n)]
        if r.random() > self.wrong:
            atoms = [a for i, a in enumerate(atoms) if a not in atoms[:i]]
        return ["set", atoms]

    def row(self, table, count, names=None):
        columns = self.tables[table]["columns"]
        names = names or sorted(columns)
        row = {c: self.value(columns[c]) for c in self.random.sample(names, min(count, len(names)))}
        if self.random.random() < self.wrong / 2:
            row[self.random.choice(["nope", "_uuid", "_version"])] = 1
        return row

    def changeable(self, table):
        columns = self.tables[table]["columns"]
        names = [c for c in sorted(columns) if columns[c].get("mutable", True) or self.random.random() < self.wrong]
        return names or sorted(columns)

    def clause(self, table, names=None):
        columns, r = self.tables[table]["columns"], self.random
        if r.random() < 0.05 or names == []:
            return r.choice([True, False])
        column = r.choice(names or sorted(columns))
        kind = base_of(columns[column]["type"])
        ordered = str(kind["key"] if isinstance(kind["key"], str) else kind["key"]["type"]) in ("integer", "real") and "value" not in kind
        functions = FUNCTIONS if r.random() < self.wrong * 2 or ordered and kind.get("max", 1) == 1 else ["==", "!=", "includes", "excludes"]
        return [column, r.choice(functions[:-1] if self.wrong == 0 and functions is FUNCTIONS else functions), self.value(columns[column], 2)]

    def where(self, table):
        r = self.random
        if r.random() < 0.55 and self.known[table]:
            return [["_uuid", r.choice(["=="] * 9 + ["!="]), ["uuid", r.choice(self.known[table])]]]
        return [self.clause(table) for _ in range(r.choice([0, 1, 1, 1, 2]))]

    def columns(self, table, extra=()):
        names = sorted(self.tables[table]["columns"]) + list(extra)
        return self.random.sample(names, self.random.randint(0 if self.random.random() < 0.1 else 1, len(names)))

    def insert(self, table):
        r = self.random
        operation = {"op": "insert", "table": table, "row": self.row(table, r.randint(0, 7))}
        if r.random() < 0.6:
            operation["uuid"] = self.new_uuid() if r.random() < 0.97 or not self.known[table] else r.choice(self.known[table])
        if r.random() < 0.4:
            operation["uuid-name"] = "%s_%d" % (table, r.randint(0, 4))
            self.names.append(operation["uuid-name"])
        return operation

    def mutate(self, table):
        r, columns, mutations = self.random, self.tables[table]["columns"], []
        for _ in range(r.randint(1, 2)):
            name = r.choice(self.changeable(table))
            kind, mutator = base_of(columns[name]["type"]), r.choice(MUTATORS)
            if r.random() > self.wrong * 2:
                key = kind["key"] if isinstance(kind["key"], str) else kind["key"]["type"]
                number = key in ("integer", "real") and "value" not in kind
                mutator = r.choice(["+=", "-=", "*=", "/=", "%="][:5 if key == "integer" else 4]) if number and r.random() < 0.5 else r.choice(["insert", "delete"])
            value = self.value(columns[name], 3)
            if mutator == "delete" and "value" in kind and r.random() < 0.5:
                value = ["set", [self.atom(kind["key"]) for _ in range(r.randint(0, 2))]]
            elif mutator not in ("insert", "delete") and r.random() < 0.9:
                value = self.atom(kind["key"])
                if mutator in ("*=", "/=") and "real" in str(kind["key"]):
                    value = r.choice([2, 0.5, -1, 0])
            mutations.append([name, mutator, value])
        return {"op": "mutate", "table": table, "where": self.where(table), "mutations": mutations}

    def wait(self, table, blocks):
        r = self.random
        columns = [c for c in self.columns(table)][:2] or ["_uuid"]
        row = lambda: {c: self.value(self.tables[table]["columns"][c]) for c in columns if c != "_uuid"}
        operation = {"op": "wait", "table": table, "where": self.where(table), "columns": columns, "until": r.choice(["==", "!="]),
                     "rows": [row() for _ in range(r.choice([0, 0, 1, 1, 2]))]}
        return operation if blocks else {**operation, "timeout": 0}

    def operation(self, changing_holders):
        r = self.random
        changeable = [t for t in self.tables if (t in self.holders) == changing_holders]
        kind = r.choices(["insert", "update", "mutate", "delete", "select", "wait", "comment", "abort", "assert", "commit", "odd"],
                         [30, 16, 20, 0 if changing_holders else 9, 10, 4, 1, 0.6, 0.6, 1, 1])[0]
        table = r.choice(changeable or list(self.tables))
        if kind in ("insert", "update", "mutate") and not changeable:
            kind = "select"
        if kind == "insert":
            return self.insert(table)
        if kind == "update":
            return {"op": "update", "table": table, "where": self.where(table), "row": self.row(table, r.randint(1, 3), self.changeable(table))}
        if kind == "mutate":
            return self.mutate(table)
        table = r.choice(list(self.tables))
        if kind == "delete":
            where = self.where(table)
            return {"op": "delete", "table": table, "where": where or [False]}
        if kind == "select":
            select = {"op": "select", "table": table, "where": self.where(table)}
            return select if r.random() < 0.2 else {**select, "columns": self.columns(table, ["_uuid"])}
        if kind == "wait":
            return self.wait(table, False)
        return {"comment": {"op": "comment", "comment": "c"}, "abort": {"op": "abort"}, "commit": {"op": "commit", "durable": False},
                "assert": {"op": "assert", "lock": r.choice(["l0", "l1"])},
                "odd": r.choice([{"op": "nope"}, {"op": "insert"}, 5, {}, {"op": "update", "table": "Nope", "where": [], "row": {}},
                                 {"op": "select", "table": table, "where": [], "more": 1}, {"op": "wait", "table": table}])}[kind]

    def transaction(self):
        self.names = []
        self.wrong = 0 if self.random.random() < 0.6 else 0.05
        changing_holders = bool(self.holders) and self.random.random() < len(self.holders) / len(self.tables)
        operations = [self.operation(changing_holders) for _ in range(self.random.randint(1, 5))]
        if self.random.random() < 0.06:
            operations.insert(0, self.wait(self.random.choice(list(self.tables)), True))
        return operations

    def learn(self, operations, step):
        """Remembers the rows that a transaction may have inserted."""
        for index, operation in enumerate(operations):
            if isinstance(operation, dict) and operation.get("op") == "insert" and operation.get("table") in self.known:
                rows = self.known[operation["table"]]
                rows.append(operation.get("uuid") or "<%d.%d>" % (step, index))
                del rows[:-20]

    def monitor(self, conditional):
        r, requests = self.random, {}
        for table in r.sample(list(self.tables), r.randint(1, len(self.tables))):
            request = {}
            if r.random() < 0.8:
                request["columns"] = self.columns(table, ["_uuid"] if r.random() < 0.2 else [])
            if r.random() < 0.3:
                request["select"] = {k: r.random() < 0.6 for k in r.sample(["initial", "insert", "delete", "modify"], r.randint(0, 4))}
            if conditional and r.random() < 0.7:
                request["where"] = [self.clause(table) for _ in range(r.randint(0, 2))]
            requests[table] = [request]
        return requests

    def condition_change(self, requests):
        """New conditions for a table of a monitor, on monitored columns: release 3.1 misjudges others, and applies half
        of a request for several tables that it refuses."""
        r = self.random
        tables = [r.choice(sorted(requests))]
        columns = lambda t: [c for c in requests[t][0].get("columns", sorted(self.tables[t]["columns"])) if c != "_uuid"]
        return {t: [{"where": [self.clause(t, columns(t)) for _ in range(r.randint(0, 2))]}] for t in tables}
