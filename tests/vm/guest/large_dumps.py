"""Dumps of very many flows while the table changes, and flows with very many actions. One source for either module."""
import pathlib
import tempfile
import threading

from switch_lab import program, run, test

STABLE, COMING = 100_000, 2_000
FLOW = "in_port({}),eth(src=02:00:00:00:{:02x}:{:02x},dst=06:00:00:00:00:{:02x}),eth_type(0x1234)"


def dpctl(*words, **options):
    return run(program("ovs-dpctl"), *words, timeout=300, **options)


def flow(port, n):
    return FLOW.format(port, n >> 8 & 255, n & 255, n >> 16)


def with_datapath(function):
    def wrapped():
        run("ip", "link", "add", "p1", "type", "veth", "peer", "name", "p2")
        dpctl("add-dp", "many")
        dpctl("add-if", "many", "p1", "p2")
        try:
            with tempfile.TemporaryDirectory() as folder:
                function(pathlib.Path(folder))
        finally:
            dpctl("del-dp", "many")
            run("ip", "link", "del", "p1")
    wrapped.__name__ = function.__name__
    return test(wrapped)


@with_datapath
def a_hundred_thousand_flows_are_dumped_while_others_come_and_go(folder):
    (folder / "stable").write_text("".join(f"{flow(1, n)} 2\n" for n in range(STABLE)))
    (folder / "coming").write_text("".join(f"add {flow(2, n)} 1\n" for n in range(COMING)) +
                                   "".join(f"delete {flow(2, n)}\n" for n in range(COMING)))
    dpctl("add-flows", "many", folder / "stable")
    over = threading.Event()
    failures = []

    def change():
        while not over.is_set():
            done = dpctl("add-flows", "many", folder / "coming", check=False)
            if done.returncode:
                failures.append(done.stderr)
                return

    changer = threading.Thread(target=change)
    changer.start()
    try:
        for _ in range(3):
            lines = dpctl("dump-flows", "many").stdout.splitlines()
            stable = [line for line in lines if "in_port(1)" in line]
            assert len(set(line.split(", packets")[0] for line in stable)) == STABLE, len(stable)
    finally:
        over.set()
        changer.join()
    assert not failures, failures
    dpctl("del-flows", "many")
    assert dpctl("dump-flows", "many").stdout == ""


@with_datapath
def long_lists_of_actions_pass_and_too_long_ones_are_refused(_):
    outputs = lambda n: ",".join("12"[i % 2] for i in range(n))   # noqa: E731
    dpctl("add-flow", "many", flow(1, 1), outputs(4000))          # 32,000 bytes of attributes
    line = dpctl("dump-flows", "many").stdout
    assert line.rstrip().endswith("actions:" + outputs(4000))
    refused = dpctl("add-flow", "many", flow(1, 2), outputs(9000), check=False)
    assert refused.returncode != 0 and refused.stderr, refused
