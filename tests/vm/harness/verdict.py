"""Judges a run: what the test said, and whether the kernel complained meanwhile."""
import re

import kmemleak

# A line of the kernel's that makes a run a failure, whatever the test's own status. Each names the kernel's reporter.
COMPLAINTS = re.compile("|".join([
    r"WARNING: ",                                   # WARN_ON, lockdep, RCU
    r"BUG: ", r"kernel BUG at", r"Oops", r"general protection fault", r"Kernel panic", r"Call Trace:",
    r"INFO: task .* blocked for more than",         # hung task
    r"INFO: rcu\w* (self-)?detected", r"rcu: INFO: ", r"soft lockup", r"hard LOCKUP",
    r"possible (circular locking|recursive locking|irq lock inversion)", r"inconsistent lock state", r"INFO: possible ",
    r"INFO: trying to register non-static key", r"turning off the locking correctness validator", r"lock held when returning",
    r"suspicious RCU usage", r"sleeping function called from invalid context", r"scheduling while atomic",
    r"refcount_t: ", r"list_(add|del) corruption", r"KASAN: ", r"UBSAN: ", r"ODEBUG: ",
    r"leaked reference\.", r"reference already released",
    r"unregister_netdevice: waiting for", r"kmemleak: (Cannot|Memory pool empty)", r"page allocation failure", r"bad page state",
    r"skbuff: skb_(under|over)_panic", r"Slab .* Objects remaining", r"Memory leak detected",
]))


def complaints(text):
    return [line for line in text.splitlines() if COMPLAINTS.search(line)]


def report(run, length=60):
    """What explains a failure: the kernel's first complaint and what follows it, the objects that were left, the last words of
    a guest that did not come to its end and of its emulator."""
    lines = (run.console if complaints(run.console) else run.dmesg).splitlines()
    first = next((number for number, line in enumerate(lines) if COMPLAINTS.search(line)), len(lines))
    shown = lines[first:first + length]
    if run.status is None and not shown:
        shown = run.console.splitlines()[-length // 3:]
    shown += "".join(kmemleak.leaked(*run.leaks)).splitlines()[:length]
    return shown + [f"qemu: {line}" for line in run.emulator.splitlines()[-5:]]


def judge(run):
    """(passed, reasons)"""
    reasons = []
    seen = complaints(run.console + "\n" + run.dmesg)
    if seen:
        reasons.append("the kernel complained: " + seen[0].strip())
    left = kmemleak.leaked(*run.leaks)
    if left:
        reasons.append(f"{len(left)} objects leaked")
    if run.timed_out:
        reasons.append("the guest did not end before the deadline")
    elif run.status is None:
        reasons.append("the guest ended before the test did" + (f" ({run.lost})" if run.lost else ""))
    elif run.status != 0:
        reasons.append(f"the test ended with status {run.status}")
    return not reasons, reasons
