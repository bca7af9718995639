"""Two database servers in lockstep, ours and the reference's: the same requests to both, everything they say compared.

A Pair has clients by name; each is a connection to either server. step() sends one request (or none), lets both
servers settle and returns what every client heard from each, made comparable: UUIDs that a server chose become names
by the operation that made them, row versions become "V". TURNOUT_BIN names the directory of our programs.
"""
import itertools
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

SKIP = 77
REFERENCE = "/usr/sbin/ovsdb-server"
TURNOUT = os.environ.get("TURNOUT_BIN", os.path.join(os.path.dirname(__file__), "../../build/bin"))
NOBODY = "0badcafe-0000-4000-8000-000000000000"      # in place of a row that was not inserted after all
ZERO = "00000000-0000-0000-0000-000000000000"
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
WAIT = 20        # seconds for any answer


class Connection:
    """One client of one server: messages as they come, whatever the pieces they come in."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(WAIT)
        self.socket.connect(path)
        self.buffer, self.decoder, self.closed, self.syncs = "", json.JSONDecoder(), False, 0

    def send(self, data):
        try:
            self.socket.sendall(data if isinstance(data, bytes) else json.dumps(data).encode())
        except OSError:
            pass        # the server closed; what it said before is still to be read

    def receive(self):
        """The next message, or None when the server has closed the connection."""
        while not self.closed:
            self.buffer = self.buffer.lstrip()
            try:
                message, end = self.decoder.raw_decode(self.buffer)
                self.buffer = self.buffer[end:]
                return message
            except ValueError:
                pass
            try:
                data = self.socket.recv(1 << 20)
            except ConnectionError:
                data = b""
            if data:
                self.buffer += data.decode("utf-8", "surrogateescape")
            else:
                self.closed = True
        return None

    def settle(self):
        """Everything said up to the answer to an echo sent now."""
        self.syncs += 1
        mark = {"sync": self.syncs}
        self.send({"method": "echo", "params": [], "id": mark})
        heard = []
        while (message := self.receive()) is not None:
            if message.get("id") == mark:
                return heard
            if message.get("method") == "echo":      # an inactivity probe
                self.send({"id": message["id"], "result": message["params"], "error": None})
                continue
            heard.append(message)
        return heard + ["closed"]

    def close(self):
        """Ends the connection and waits until the server has ended it too."""
        try:
            self.socket.shutdown(socket.SHUT_WR)
            while self.socket.recv(1 << 20):
                pass
        except OSError:
            pass
        self.socket.close()


class Side:
    """One server with its files, its clients, and the names of the UUIDs it chose."""

    def __init__(self, name, directory, log):
        self.name, self.directory = name, os.path.join(directory, name)
        os.mkdir(self.directory)
        self.socket = os.path.join(self.directory, "sock")
        self.env = dict(os.environ, OVS_RUNDIR=self.directory, OVS_LOGDIR=self.directory)
        self.log, self.process, self.clients, self.names = log, None, {}, {}

    def program(self, program):
        return os.path.join(TURNOUT, program) if self.name == "turnout" else shutil.which(program, path="/usr/sbin:/usr/bin")

    def file(self, database):
        return os.path.join(self.directory, database + ".db")

    def create(self, schema):
        with open(os.path.join(self.directory, "schema"), "w") as out:
            json.dump(schema, out)
        done = subprocess.run([self.program("ovsdb-tool"), "create", self.file(schema["name"]), out.name], env=self.env,
                              capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{self.name}: {done.stderr}")

    def start(self, databases, *options):
        self.process = subprocess.Popen(
            [self.program("ovsdb-server"), *map(self.file, databases), "--remote=punix:" + self.socket, "--no-chdir",
             "-vconsole:off", "-vfile:info", "--log-file=" + os.path.join(self.directory, "log"),
             "--unixctl=" + os.path.join(self.directory, "ctl"), *options], env=self.env, cwd=self.directory)
        deadline = time.monotonic() + WAIT
        while True:
            try:
                Connection(self.socket).close()
                return
            except OSError:
                if time.monotonic() > deadline or self.process.poll() is not None:
                    raise RuntimeError(f"{self.name} did not start; see {self.directory}/log")
                time.sleep(0.01)

    def stop(self):
        for client in self.clients.values():
            client.close()
        self.clients = {}
        if self.process:
            self.process.terminate()
            self.process.wait()
            self.process = None

    # --- what a server said, made comparable ---

    def learn_names(self, label, message):
        """Names the rows that a transaction inserted after their operations."""
        results = message.get("result") if isinstance(message, dict) else None
        for index, result in enumerate(results if isinstance(results, list) else []):
            if isinstance(result, dict) and isinstance(result.get("uuid"), list):
                self.names.setdefault(result["uuid"][1], f"<{label}.{index}>")

    def addressed(self, request):
        """The request with this server's UUIDs in place of the labels that label() gave them."""
        if isinstance(request, bytes) or not self.names:
            return request
        ids = {label: id for id, label in self.names.items()}
        text = re.sub(r"<\d+\.\d+>", lambda m: ids.get(m.group(), NOBODY), json.dumps(request))
        return text.encode()

    def label(self, match):
        return self.names.get(match.group()) or (match.group() if match.group() in self.given else "<chosen by the server>")

    def plain(self, value, column=None):
        if isinstance(value, str):
            return "V" if column == "_version" else UUID.sub(self.label, value)
        if isinstance(value, dict):
            return {self.plain(k): self.plain(v, k) for k, v in value.items()}
        if isinstance(value, float):            # reals have up to 17 digits from us, 15 from the reference
            return float("%.15g" % value)
        if not isinstance(value, list):
            return value
        plain = [self.plain(v, column) for v in value]
        if len(value) == 2 and value[0] in ("set", "map") and isinstance(plain[1], list) and '"<' in json.dumps(plain[1]):
            plain[1].sort(key=json.dumps)       # the order of UUIDs that were chosen by chance
        return plain


# Which of several conflicts of an index is found first, and which of its rows is called first, follows a hash table.
CONFLICT = re.compile(r"identical values \(.*\) for index on (columns? .*)\.  First row, with UUID .*\.  Second row, with UUID .*", re.S)


def without_order(details):
    return CONFLICT.sub(r"identical values for index on \1", details)


def sort_updates(messages):
    """The updates of several monitors for one transaction come in any order."""
    is_update = lambda m: isinstance(m, dict) and str(m.get("method", "")).startswith("update")
    out = []
    for updates, run in itertools.groupby(messages, is_update):
        out += sorted(run, key=lambda m: json.dumps(m, sort_keys=True)) if updates else run
    return out


def without_empty(message):
    """The reference sends a row without a change when a column that only a condition reads has changed."""
    if not isinstance(message, dict) or message.get("method") not in ("update2", "update3"):
        return message
    tables = {table: kept for table, rows in message["params"][-1].items()
              if (kept := {id: row for id, row in rows.items() if row != {"modify": {}}})}
    return {**message, "params": message["params"][:-1] + [tables]} if tables else None


def sort_rows(message):
    """RFC 7047 gives the rows of a select no order; an error reply needs no result (the reference leaves it out)."""
    if isinstance(message, dict):
        for result in message.get("result") if isinstance(message.get("result"), list) else []:
            if isinstance(result, dict) and isinstance(result.get("details"), str):
                result["details"] = without_order(result["details"])
        if message.get("error") is not None and message.get("result", 0) is None:
            message = {k: v for k, v in message.items() if k != "result"}
        for result in message.get("result") if isinstance(message.get("result"), list) else []:
            if isinstance(result, dict) and isinstance(result.get("rows"), list):
                result["rows"].sort(key=lambda row: json.dumps(row, sort_keys=True))
    return message


def without_transaction_name(message):
    """The reference names the transactions of clustered databases only."""
    if isinstance(message, dict):
        result, params = message.get("result"), message.get("params")
        if isinstance(result, list) and len(result) == 3 and isinstance(result[0], bool):
            message = dict(message, result=[result[0], ZERO, result[2]])
        if message.get("method") == "update3" and isinstance(params, list) and len(params) == 3:
            message = dict(message, params=[params[0], ZERO, params[2]])
    return message


class Pair:
    def __init__(self, only=None):
        if not os.path.exists(REFERENCE) or not shutil.which("ovsdb-tool", path="/usr/bin"):
            print("the reference (openvswitch-switch) is not installed")
            sys.exit(SKIP)
        self.directory = tempfile.mkdtemp(prefix="ovsdb-diff.")
        self.sides = [Side(name, self.directory, None) for name in ("reference", "turnout")]
        self.steps, self.given = 0, {ZERO, NOBODY}     # the UUIDs that requests had
        for side in self.sides:
            side.given = self.given

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for side in self.sides:
            side.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def revive(self, databases):
        """Starts the reference again if it died."""
        side = self.sides[0]
        if side.process.poll() is None:
            return False
        side.start(databases)
        return True

    def create(self, schema):
        for side in self.sides:
            side.create(schema)

    def start(self, databases, *options):
        for side in self.sides:
            side.start(databases, *options)

    def stop(self):
        for side in self.sides:
            side.stop()

    def connect(self, *names):
        for side in self.sides:
            for name in names:
                side.clients[name] = Connection(side.socket)

    def disconnect(self, name):
        for side in self.sides:
            side.clients.pop(name).close()

    def step(self, client=None, request=None):
        """Sends the request (JSON, or bytes as they are) from the client; returns [reference, ours], each a
        dictionary from client to the list of messages that it heard."""
        self.steps += 1
        self.given.update(UUID.findall(request.decode("latin-1") if isinstance(request, bytes) else json.dumps(request)))
        for side in self.sides:
            if request is not None:
                side.clients[client].send(side.addressed(request))
        # A conversion disconnects the other clients some rounds after it was answered.
        rounds = 8 if isinstance(request, dict) and request.get("method") == "convert" else 2
        return [self.settle(side, rounds) for side in self.sides]

    def settle(self, side, rounds=2):
        heard = {name: [] for name in side.clients}
        for _ in range(rounds):        # what one client causes reaches another a round of the server later
            for name, connection in side.clients.items():
                if not connection.closed:
                    heard[name] += [without_transaction_name(m) for m in connection.settle()]
        for messages in heard.values():
            for message in messages:
                side.learn_names(self.steps, message)
        return {name: sort_updates(filter(None, (without_empty(sort_rows(side.plain(m))) for m in messages))) for name, messages in heard.items()}

    def transact(self, client, *operations, id=0, database=None):
        return self.step(client, {"method": "transact", "params": [database or self.database, *operations], "id": id})
