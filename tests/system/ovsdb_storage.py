#!/usr/bin/python3
"""What a database file survives: the server killed under load and while it compacts, a full disk, a second server.

Every transaction answered as durable is there afterwards, and none is half there. Arguments: rounds (200), seed.
Prints `N passed, N failed`."""
import os
import random
import signal
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))
from ovsdb_lab import Client, Lab, REFERENCE_SERVER, check, finish, insert, schema, wait_for

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 200
SEED = int(sys.argv[2]) if len(sys.argv) > 2 else 7
DURABLE = {"op": "commit", "durable": True}


def load(server, prefix, answered):
    """Sends pairs of rows that belong together, many at once, until the server is gone."""
    try:
        client = server.client()
        names, sent = {}, 0
        while True:
            while len(names) < 20:
                name = "%s.%d" % (prefix, sent)
                sent += 1
                names[client.send("transact", ["S", insert(name), insert(name, table="U"), DURABLE])] = name
            message = client.receive()
            if message is None:
                return
            if message["error"] is None and not any("error" in (part or {}) for part in message["result"]):
                answered.add(names.pop(message["id"]))
    except OSError:
        pass


def compact_for_ever(server):
    try:
        control = Client(server.ctl())
        while control.call("ovsdb-server/compact"):
            pass
    except OSError:
        pass


def names_of(server, table):
    return {row[0].strip('"') for row in server.rows("S", table, "name")} - {"ballast"}


def kill_under_load():
    random_source = random.Random(SEED)
    total = lost = half = 0
    with Lab() as lab:
        lab.create("a.db", schema("S"))
        server = lab.server("a", True, "a.db")
        # Makes a compaction take a while.
        server.transact("S", insert("ballast", map=["map", [[str(i), "x" * 100] for i in range(10000)]]))
        for number in range(ROUNDS):
            answered = set()
            work = [threading.Thread(target=load, args=(server, "%d.%d" % (number, i), answered)) for i in range(2)]
            if number % 2:
                work.append(threading.Thread(target=compact_for_ever, args=(server,)))
            for thread in work:
                thread.start()
            wait_for("a first answer", lambda: answered)
            time.sleep(random_source.uniform(0, 0.02))
            server.stop(signal.SIGKILL)
            for thread in work:
                thread.join()
            server.start()
            first, second = names_of(server, "T"), names_of(server, "U")
            total += len(answered)
            lost += len(answered - first)
            half += len(first ^ second)
            if lost or half:
                break
            server.transact("S", {"op": "delete", "table": "T", "where": [["name", "!=", "ballast"]]},
                            {"op": "delete", "table": "U", "where": []})
    check("%d transactions answered in %d rounds: none lost" % (total, ROUNDS), total >= ROUNDS and lost == 0, lost)
    check("none half there", half == 0, half)


def full_disk():
    with Lab() as lab:
        disk = lab.directory + "/disk"
        os.mkdir(disk)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", disk], check=False).returncode:
            return print("no right to mount: the full disk is not tested")
        try:
            fill_disk(lab, disk)
        finally:
            subprocess.run(["umount", "-l", disk], check=True)


def fill_disk(lab, disk):
    lab.create("disk/a.db", schema("S"))
    server = lab.server("a", True, "disk/a.db")
    client, written = server.client(), []
    while len(written) < 1000:
        name = "row%d" % len(written)
        answer = client.transact("S", insert(name, map=["map", [["k", "x" * 4000]]]), DURABLE)
        if "error" in str(answer):
            break
        written.append(name)
    check("a full disk is an I/O error", "I/O error" in str(answer) and "No space left on device" in str(answer), answer)
    check("and nothing else is lost", len(server.rows("S", "T", "name")) == len(written))
    refused = server.appctl("ovsdb-server/compact", "S")
    check("a compaction without room says so", "No space left on device" in refused, refused)
    check("and leaves nothing behind", sorted(os.listdir(disk)) == [".a.db.~lock~", "a.db"], os.listdir(disk))
    answer = client.transact("S", {"op": "delete", "table": "T", "where": [["name", "!=", "row0"]]})
    refused = "error" in str(answer)
    check("a small change fits or is refused", not refused or "I/O error" in str(answer), answer)
    client.close()
    server.stop(signal.SIGKILL)
    rows = len(server.start().rows("S", "T", "name"))
    check("the file opens again", rows == (len(written) if refused else 1), rows)


def second_server():
    with Lab() as lab:
        lab.create("a.db", schema("S"))
        lab.create("b.db", schema("S"))
        for first_is_ours, second_is_ours in ((True, True), (True, False), (False, True)):
            if not (first_is_ours and second_is_ours) and not os.path.exists(REFERENCE_SERVER):
                continue
            first = lab.server("first", first_is_ours, "a.db")
            second = lab.server("second", second_is_ours, "a.db")
            log = open(lab.directory + "/second.log").read()
            check("a second server refuses the file",
                  second.process.poll() == 1 and "a.db: failed to lock lockfile" in log, log)
            if first_is_ours:
                os.symlink("a.db", lab.directory + "/link.db")
                check("the same file by another name", "already open" in first.appctl("ovsdb-server/add-db", "link.db"))
                os.unlink(lab.directory + "/link.db")
                check("another file of that name", first.appctl("ovsdb-server/add-db", "b.db").startswith(
                    "ovsdb error: S: duplicate database name"))
            first.stop()


kill_under_load()
full_disk()
second_server()
finish()
