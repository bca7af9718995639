"""What tests with python3-openvswitch's IDL share: a server of ours, waiting, committing, counting. TURNOUT_BIN names the
directory of our programs; the tests end with status 77 where the package is missing."""
import os
import signal
import subprocess
import sys
import time

try:
    import ovs.db.idl
    import ovs.poller
except ImportError:
    print("python3-openvswitch is not installed")
    sys.exit(77)

HERE = os.path.dirname(os.path.abspath(__file__))
TURNOUT = os.environ.get("TURNOUT_BIN", os.path.join(HERE, "../../build/bin"))
SCHEMA = os.path.join(HERE, "../../ovsdb/schema/vswitch.ovsschema")
counts = {"passed": 0, "failed": 0}


def check(what, good):
    counts["passed" if good else "failed"] += 1
    if not good:
        print("FAILED: " + what)


class Server:
    def __init__(self, directory):
        self.directory = directory
        self.environment = dict(os.environ, OVS_RUNDIR=directory, OVS_LOGDIR=directory, OVS_DBDIR=directory)
        self.remote = "unix:" + directory + "/db.sock"
        self.run(os.path.join(TURNOUT, "ovsdb-tool"), "create", directory + "/conf.db", SCHEMA)

    def run(self, *words):
        return subprocess.run(words, env=self.environment, check=False, capture_output=True, text=True, timeout=30)

    def start(self):
        done = self.run(os.path.join(TURNOUT, "ovsdb-server"), "--remote=punix:" + self.directory + "/db.sock",
                        "--remote=db:Open_vSwitch,Open_vSwitch,manager_options", "--detach", "--pidfile", "--log-file")
        check("ovsdb-server starts silently: " + done.stderr, done.returncode == 0 and not done.stdout)
        with open(self.directory + "/ovsdb-server.pid") as pidfile:
            self.pid = int(pidfile.read())

    def kill(self, number):
        os.kill(self.pid, number)
        wait_for("the server's end", lambda: not os.path.exists("/proc/%d" % self.pid) or
                 " Z " in open("/proc/%d/stat" % self.pid).read())


def wait_for(what, condition, idl=None):
    deadline = time.monotonic() + 20
    while not condition():
        if time.monotonic() > deadline:
            check("waiting for " + what, False)
            return False
        if idl:
            idl.run()
            poller = ovs.poller.Poller()
            idl.wait(poller)
            poller.timer_wait(100)
            poller.block()
        else:
            time.sleep(0.01)
    return True


def commit(idl, change):
    txn = ovs.db.idl.Transaction(idl)
    change(txn)
    status = ovs.db.idl.Transaction.INCOMPLETE
    deadline = time.monotonic() + 20
    while status == txn.INCOMPLETE and time.monotonic() < deadline:
        status = txn.commit()
        if status == txn.INCOMPLETE:
            idl.run()
            poller = ovs.poller.Poller()
            idl.wait(poller)
            txn.wait(poller)
            poller.timer_wait(100)
            poller.block()
    return status, txn


def report():
    print("%(passed)d passed, %(failed)d failed" % counts)
    sys.exit(1 if counts["failed"] else 0)
