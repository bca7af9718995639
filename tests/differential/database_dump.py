"""The contents of a database as text that two servers can be compared by: UUIDs are replaced by what their rows hold."""
import hashlib
import json
import socket

ROUNDS = 5   # a row is told from its like by rows at most this many references away


def request(path, method, params):
    with socket.socket(socket.AF_UNIX) as stream:
        stream.settimeout(20)
        stream.connect(path)
        stream.sendall(json.dumps({"method": method, "params": params, "id": 1}).encode())
        text, decoder = "", json.JSONDecoder()
        while True:
            got = stream.recv(1 << 20)
            if not got:
                raise SystemExit(f"{path}: the server closed the connection")
            text += got.decode()
            try:
                return decoder.raw_decode(text)[0]["result"]
            except json.JSONDecodeError:
                pass


def named(value, names):
    """VALUE with each ["uuid", U] replaced; sets and maps sorted anew."""
    if not isinstance(value, list):
        return value
    if value[0] == "uuid":
        return ["uuid", names.get(value[1], "nothing")]
    if value[0] == "set":
        return ["set", sorted((named(v, names) for v in value[1]), key=json.dumps)]
    return ["map", sorted(([named(k, names), named(v, names)] for k, v in value[1]), key=json.dumps)]


def dump(path, database="Open_vSwitch"):
    """Every row of every table, one per line, sorted."""
    schema = request(path, "get_schema", [database])
    tables = sorted(schema["tables"])
    results = request(path, "transact", [database, *({"op": "select", "table": t, "where": []} for t in tables)])
    rows = [(table, row) for table, result in zip(tables, results) for row in result["rows"]]
    names = {}

    def text(table, row):
        return table + " " + json.dumps({c: named(v, names) for c, v in sorted(row.items()) if not c.startswith("_")})

    for _ in range(ROUNDS):
        names = {row["_uuid"][1]: hashlib.sha1(text(table, row).encode()).hexdigest()[:12] for table, row in rows}
    return "\n".join(sorted(text(table, row) for table, row in rows))
