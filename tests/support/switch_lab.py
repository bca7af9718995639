"""A switch to test: ovsdb-server and ovs-vswitchd in a run directory and network namespaces of their own.

Every test program imports this, declares functions with @test and ends with main(). Nothing of the host is touched:
the daemons and the hosts that talk through them live in namespaces, which are removed however the program ends.

TURNOUT_BIN        directory of the programs (default: build/bin of the checkout)
TURNOUT_REFERENCE  programs to take from PATH instead, by commas (ovsdb-server,ovs-vsctl,…)
TURNOUT_PATIENCE   factor on every deadline, for a machine that is emulated
"""
import atexit
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("TURNOUT_BIN", CHECKOUT / "build" / "bin"))
REFERENCE = set(filter(None, os.environ.get("TURNOUT_REFERENCE", "").split(",")))
PATIENCE = float(os.environ.get("TURNOUT_PATIENCE", "1"))
TESTS = []


def test(function):
    TESTS.append(function)
    return function


def program(name):
    own = BIN / name
    if name not in REFERENCE and own.exists():
        return str(own)
    found = shutil.which(name)
    if not found:
        raise RuntimeError(f"{name} is neither in {BIN} nor in PATH")
    return found


def schema():
    own = CHECKOUT / "ovsdb" / "schema" / "vswitch.ovsschema"
    return str(own)


def run(*words, check=True, timeout=30, env=None):
    done = subprocess.run([str(w) for w in words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          timeout=timeout * PATIENCE, env=env)
    if check and done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, words))} -> {done.returncode}\n{done.stdout}{done.stderr}")
    return done


def wait_for(what, condition, seconds=10):
    """The value of condition() as soon as it is true."""
    deadline = time.monotonic() + seconds * PATIENCE
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s for {what}")
        time.sleep(0.02)


class Switch:
    """Both daemons, and hosts joined to them. close() leaves nothing."""
    count = 0

    def __init__(self, *vswitchd_options, database_schema=None):
        Switch.count += 1
        self.id = f"{os.getpid() % 100000}x{Switch.count}"
        self.ns = f"tsw{self.id}"
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="turnout-test-"))
        self.options = vswitchd_options
        self.namespaces = []
        self.server = self.vswitchd = None
        self.env = dict(os.environ, OVS_RUNDIR=str(self.dir), OVS_LOGDIR=str(self.dir), OVS_DBDIR=str(self.dir),
                        OVS_SYSCONFDIR=str(self.dir))
        atexit.register(self.close)
        self.add_namespace(self.ns)
        run(program("ovsdb-tool"), "create", self.dir / "conf.db", database_schema or schema(), env=self.env)
        self.start_server()
        self.start_vswitchd()
        self.vsctl("init")

    # ---- daemons ----
    def start_server(self):
        self.server = self._start(self.dir / "server.out", program("ovsdb-server"), self.dir / "conf.db",
                                  f"--remote=punix:{self.dir}/db.sock", f"--pidfile={self.dir}/ovsdb-server.pid",
                                  f"--log-file={self.dir}/ovsdb-server.log", "-vconsole:off", "--no-chdir",
                                  f"--unixctl={self.dir}/ovsdb-server.ctl", "--overwrite-pidfile")
        wait_for("the database's socket", lambda: (self.dir / "db.sock").exists())

    def start_vswitchd(self):
        self.vswitchd = self._start(self.dir / "vswitchd.out", "ip", "netns", "exec", self.ns, program("ovs-vswitchd"),
                                    f"unix:{self.dir}/db.sock", f"--pidfile={self.dir}/ovs-vswitchd.pid",
                                    f"--log-file={self.dir}/ovs-vswitchd.log", "-vconsole:off", "--no-chdir",
                                    f"--unixctl={self.dir}/vswitchd.ctl", "--overwrite-pidfile", *self.options)
        wait_for("the switch's control socket", lambda: (self.dir / "vswitchd.ctl").exists() and self.alive())

    def alive(self):
        return self.vswitchd.poll() is None and self.appctl("version", check=False).returncode == 0

    def _start(self, out, *words):
        with open(out, "ab") as log:
            return subprocess.Popen([str(w) for w in words], stdout=log, stderr=log, env=self.env)

    def kill(self, process, how=signal.SIGKILL):
        process.send_signal(how)
        process.wait(timeout=20)

    def kill_vswitchd(self, how=signal.SIGKILL):
        self.kill(self.vswitchd, how)
        (self.dir / "vswitchd.ctl").unlink(missing_ok=True)

    def exit_vswitchd(self, *words):
        """Ends it by its own command."""
        self.appctl("exit", *words)
        self.vswitchd.wait(timeout=10 * PATIENCE)
        (self.dir / "vswitchd.ctl").unlink(missing_ok=True)

    def kill_server(self):
        self.kill(self.server)
        (self.dir / "db.sock").unlink(missing_ok=True)

    def vsctl(self, *words, check=True):
        return run(program("ovs-vsctl"), f"--db=unix:{self.dir}/db.sock", f"--timeout={15 * PATIENCE:.0f}", *words, check=check, env=self.env)

    def get(self, table, record, column):
        return self.vsctl("get", table, record, column).stdout.strip()

    def ofctl(self, *words, check=True):
        """OpenFlow 1.5, so that every group and meter message can be said."""
        return run(program("ovs-ofctl"), "-O", "OpenFlow15", *words, check=check, env=self.env)

    def appctl(self, *words, check=True):
        return run(program("ovs-appctl"), "-t", self.dir / "vswitchd.ctl", *words, check=check, env=self.env)

    def log(self):
        path = self.dir / "ovs-vswitchd.log"
        return path.read_text() if path.exists() else ""

    def complaints(self):
        return [line for line in self.log().splitlines() if re.search(r"\|(WARN|ERR|EMER)\|", line)]

    # ---- namespaces and hosts ----
    def add_namespace(self, name):
        run("ip", "netns", "add", name)
        self.namespaces.append(name)
        run("ip", "-n", name, "link", "set", "lo", "up")
        return name

    def host(self, short, address=None, bridge=None, *port_words):
        """A namespace joined by a veth pair: eth0 inside, v-SHORT beside the switch."""
        ns = self.add_namespace(f"t{short}{self.id}")
        run("ip", "-n", self.ns, "link", "add", f"v-{short}", "type", "veth", "peer", "name", "eth0", "netns", ns)
        run("ip", "-n", self.ns, "link", "set", f"v-{short}", "up")
        run("ip", "-n", ns, "link", "set", "eth0", "up")
        if address:
            run("ip", "-n", ns, "addr", "add", address, "dev", "eth0")
        if bridge:
            self.vsctl("add-port", bridge, f"v-{short}", *port_words)
        return ns

    def remove_hosts(self):
        """Takes away every host; the switch runs on."""
        for ns in self.namespaces[1:]:
            run("ip", "-n", ns, "link", "del", "eth0", check=False)
            self._remove_namespace(ns)
        del self.namespaces[1:]

    def ping(self, ns, address, count=2):
        return run("ip", "netns", "exec", ns, "ping", "-q", "-c", count, "-i", "0.05", "-W", "1", address,
                   check=False).returncode == 0

    def pings(self, ns, address):
        wait_for(f"a ping from {ns} to {address}", lambda: self.ping(ns, address, 1))

    def link(self, name, ns=None):
        done = run("ip", "-n", ns or self.ns, "-o", "link", "show", "dev", name, check=False)
        return done.stdout.strip() if done.returncode == 0 else None

    @staticmethod
    def _remove_namespace(ns):
        for pid in run("ip", "netns", "pids", ns, check=False).stdout.split():
            try:
                os.kill(int(pid), signal.SIGKILL)
            except ProcessLookupError:
                pass
        run("ip", "netns", "del", ns, check=False)

    def close(self):
        atexit.unregister(self.close)
        for process in (self.vswitchd, self.server):
            if process and process.poll() is None:
                process.kill()
                process.wait()
        for ns in reversed(self.namespaces):
            self._remove_namespace(ns)
        self.namespaces.clear()
        shutil.rmtree(self.dir, ignore_errors=True)


def can_run():
    if os.geteuid() != 0:
        return "not root"
    probe = f"tswprobe{os.getpid()}"
    if run("ip", "netns", "add", probe, check=False).returncode != 0:
        return "no network namespaces here"
    run("ip", "netns", "del", probe, check=False)
    return None


def main():
    """Runs the tests (all, or those named on the command line), prints a line for each and the sum."""
    unknown = set(sys.argv[1:]) - {function.__name__ for function in TESTS}
    if unknown:
        sys.exit(f"no such test: {' '.join(sorted(unknown))}")
    reason = can_run()
    if reason:
        print(f"skipped: {reason}")
        sys.exit(77)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    passed = failed = 0
    for function in TESTS:
        if sys.argv[1:] and function.__name__ not in sys.argv[1:]:
            continue
        try:
            function()
            print(f"ok    {function.__name__}", flush=True)
            passed += 1
        except Exception:
            failed += 1
            print(f"FAIL  {function.__name__}\n{traceback.format_exc()}", flush=True)
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)
