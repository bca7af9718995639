"""Database servers of either project in a directory of their own, and a plain JSON-RPC client, for tests in Python."""
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TURNOUT = os.environ.get("TURNOUT_BIN", os.path.join(HERE, "../../build/bin"))
REFERENCE_SERVER = "/usr/sbin/ovsdb-server"
counts = {"passed": 0, "failed": 0}


def check(what, good, detail=""):
    counts["passed" if good else "failed"] += 1
    if not good:
        print("FAILED: %s %s" % (what, detail), flush=True)
    return good


def finish():
    print("%(passed)d passed, %(failed)d failed" % counts)
    sys.exit(1 if counts["failed"] else 0)


def wait_for(what, condition, seconds=20):
    deadline = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > deadline:
            check("waiting for " + what, False)
            return found
        time.sleep(0.005)


class Client:
    """One connection; requests are answered in order, notifications are kept."""

    def __init__(self, where):
        """A path, or a socket that is connected already."""
        if isinstance(where, str):
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(20)
            self.socket.connect(where)
        else:
            self.socket = where
        self.text, self.decoder, self.next_id, self.notifications = "", json.JSONDecoder(), 0, []

    def send(self, method, params):
        self.next_id += 1
        self.socket.sendall(json.dumps({"id": self.next_id, "method": method, "params": params}).encode())
        return self.next_id

    def receive(self):
        """The next message, or None when the server has closed the connection."""
        while True:
            try:
                message, used = self.decoder.raw_decode(self.text)
                self.text = self.text[used:].lstrip()
                return message
            except ValueError:
                try:
                    data = self.socket.recv(1 << 20)
                except (ConnectionResetError, ssl.SSLError):
                    data = b""
                if not data:
                    return None
                self.text += data.decode()

    def answer(self, number):
        while True:
            message = self.receive()
            if message is None or (message.get("id") == number and "method" not in message):
                return message
            if message.get("method") == "echo":     # a probe
                self.socket.sendall(json.dumps({"id": message["id"], "result": message["params"], "error": None}).encode())
                continue
            self.notifications.append(message)

    def call(self, method, *params):
        return self.answer(self.send(method, list(params)))

    def transact(self, database, *operations):
        answer = self.call("transact", database, *operations)
        return answer and (answer["result"] if answer.get("error") is None else answer["error"])

    def close(self):
        self.socket.close()


class Server:
    """ovsdb-server number `name` of a lab, ours or the reference's."""

    def __init__(self, lab, name, ours, words):
        self.lab, self.name, self.ours, self.words = lab, name, ours, list(words)
        self.path = lab.directory + "/" + name + ".sock"
        self.remote = "unix:" + self.path
        self.process = None

    def start(self):
        program = os.path.join(TURNOUT, "ovsdb-server") if self.ours else REFERENCE_SERVER
        remote = [] if any(word.startswith("--config-file") for word in self.words) else ["--remote=p" + self.remote]
        log = open(self.lab.directory + "/" + self.name + ".log", "ab")
        self.process = subprocess.Popen([program, "-vconsole:info", "--unixctl=" + self.ctl()] + remote + self.words,
                                        cwd=self.lab.directory, env=self.lab.environment, stdout=log, stderr=log)
        log.close()
        wait_for(self.name + " to listen", lambda: self.accepts() or self.process.poll() is not None)
        return self

    def ctl(self):
        return self.lab.directory + "/" + self.name + ".ctl"

    def accepts(self):
        try:
            Client(self.path).close()
            return os.path.exists(self.ctl())
        except OSError:
            return False

    def stop(self, number=signal.SIGTERM):
        if self.process and self.process.poll() is None:
            self.process.send_signal(number)
        if self.process:
            self.process.wait(20)

    def appctl(self, *words):
        done = subprocess.run(["/usr/bin/ovs-appctl", "-T", "20", "-t", self.ctl()] + list(words),
                              env=self.lab.environment, capture_output=True, text=True, check=False)
        return done.stdout if done.returncode == 0 else done.stderr

    def client(self):
        return Client(self.path)

    def transact(self, database, *operations):
        client = self.client()
        try:
            return client.transact(database, *operations)
        finally:
            client.close()

    def rows(self, database, table, *columns):
        """Sorted tuples of the columns of all rows; None while the database is not there."""
        answer = self.transact(database, {"op": "select", "table": table, "where": [], "columns": list(columns)})
        if not isinstance(answer, list) or "rows" not in answer[0]:
            return None
        return sorted(tuple(json.dumps(row[column]) for column in columns) for row in answer[0]["rows"])

    def databases(self):
        """_Server's rows by name."""
        rows = self.transact("_Server", {"op": "select", "table": "Database", "where": []})[0]["rows"]
        return {row["name"]: row for row in rows}


class Lab:
    """A directory with its servers; both go at the end."""

    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="ovsdb_lab.")
        self.environment = dict(os.environ, OVS_RUNDIR=self.directory, OVS_LOGDIR=self.directory,
                                OVS_DBDIR=self.directory)
        self.servers = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for server in self.servers:
            server.stop(signal.SIGKILL)
        shutil.rmtree(self.directory)

    def create(self, file, schema):
        with open(self.directory + "/schema", "w") as out:
            json.dump(schema, out)
        subprocess.run([os.path.join(TURNOUT, "ovsdb-tool"), "create", file, "schema"], cwd=self.directory,
                       env=self.environment, check=True)

    def server(self, name, ours, *words):
        server = Server(self, name, ours, words)
        self.servers.append(server)
        return server.start()


def schema(name, version="1.0.0", extra=None):
    columns = {"name": {"type": "string"}, "n": {"type": "integer"},
               "words": {"type": {"key": "string", "min": 0, "max": "unlimited"}},
               "map": {"type": {"key": "string", "value": "string", "min": 0, "max": "unlimited"}}}
    columns.update(extra or {})
    return {"name": name, "version": version, "tables": {
        "T": {"columns": columns, "isRoot": True, "indexes": [["name"]]},
        "U": {"columns": {"name": {"type": "string"}}, "isRoot": True}}}


def insert(name, n=0, table="T", **more):
    return {"op": "insert", "table": table, "row": dict({"name": name}, **({"n": n} if table == "T" else {}), **more)}
