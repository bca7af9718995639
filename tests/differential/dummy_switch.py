"""A pair of daemons in dummy mode, ours or the reference's, for the tests that compare both switches."""
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

SKIP = 77


class Switch:
    """One pair of daemons in a folder of its own."""

    def __init__(self, programs, dummies="=override"):
        """dummies: what stands behind --enable-dummy."""
        self.dummies = dummies
        self.dir = tempfile.mkdtemp(prefix="normal-")
        self.programs = programs
        self.env = dict(os.environ, OVS_RUNDIR=self.dir, OVS_LOGDIR=self.dir, OVS_DBDIR=self.dir, OVS_SYSCONFDIR=self.dir)
        self.remote = f"unix:{self.dir}/db.sock"
        self.daemons = []
        self.control = None

    def program(self, name):
        for folder in (self.programs, "/usr/sbin", "/usr/bin") if self.programs == "" else (self.programs,):
            path = os.path.join(folder, name)
            if folder and os.access(path, os.X_OK):
                return path
        found = shutil.which(name) if self.programs == "" else None
        if not found:
            print(f"{name} is not in {self.programs or 'the path'}: skipped")
            sys.exit(SKIP)
        return found

    def start(self):
        schema = "/usr/share/openvswitch/vswitch.ovsschema"
        here = os.path.join(os.path.dirname(__file__), "../../ovsdb/schema/vswitch.ovsschema")
        if self.programs and os.path.exists(here):
            schema = here
        self.run("ovsdb-tool", "create", f"{self.dir}/conf.db", schema)
        self.spawn("ovsdb-server", f"--remote=p{self.remote}", f"--unixctl={self.dir}/db.ctl", f"{self.dir}/conf.db")
        self.wait_for(f"{self.dir}/db.sock")
        self.vsctl("--no-wait", "init")
        self.ctl = f"{self.dir}/switch.ctl"
        self.spawn("ovs-vswitchd", f"--enable-dummy{self.dummies}", "--disable-system", "--disable-system-route",
                   f"--unixctl={self.ctl}", self.remote)
        self.wait_for(self.ctl)

    def spawn(self, name, *args):
        log = open(f"{self.dir}/{name}.out", "w")
        self.daemons.append(subprocess.Popen([self.program(name), *args], env=self.env, stdout=log, stderr=log))

    def wait_for(self, path):
        deadline = time.monotonic() + 30
        while not os.path.exists(path):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{path} did not appear; see {self.dir}")
            time.sleep(0.02)

    def run(self, name, *args):
        done = subprocess.run([self.program(name), *args], env=self.env, capture_output=True, text=True, timeout=60)
        if done.returncode:
            raise RuntimeError(f"{name} {' '.join(args)}: {done.stderr}{done.stdout}")
        return done.stdout

    def vsctl(self, *args):
        return self.run("ovs-vsctl", f"--db={self.remote}", "--timeout=30", *args)

    def appctl(self, *args):
        """The output of a control command, asked for over one connection that stays: no program is started for it."""
        if not self.control:
            self.control = socket.socket(socket.AF_UNIX)
            self.control.settimeout(60)
            self.control.connect(self.ctl)
        self.control.sendall(json.dumps({"id": 0, "method": args[0], "params": list(args[1:])}).encode())
        answer = b""
        while True:
            data = self.control.recv(1 << 20)
            if not data:
                raise RuntimeError(f"{args[0]}: ovs-vswitchd closed the connection")
            answer += data
            try:
                reply = json.loads(answer)
                break
            except ValueError:
                continue
        if reply.get("error") is not None:
            raise RuntimeError(f"{' '.join(args)}: {reply['error']}")
        return reply["result"]

    def stop(self):
        if self.control:
            self.control.close()
        for daemon in reversed(self.daemons):
            daemon.send_signal(signal.SIGKILL)
            daemon.wait()
        shutil.rmtree(self.dir, ignore_errors=True)
