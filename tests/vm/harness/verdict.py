"""Judges a run: what the test said, and whether the kernel complained meanwhile."""
import re

# A line of the kernel's that makes a run a failure, whatever the test's own status. Each names the kernel's reporter.
COMPLAINTS = re.compile("|".join([
    r"WARNING: ",                                   # WARN_ON, lockdep, RCU
    r"BUG: ", r"kernel BUG at", r"Oops", r"general protection fault", r"Kernel panic", r"Call Trace:",
    r"INFO: task .* blocked for more than",         # hung task
    r"INFO: rcu\w* (self-)?detected", r"rcu: INFO: ", r"soft lockup", r"hard LOCKUP",
    r"possible (circular locking|recursive locking|irq lock inversion)", r"inconsistent lock state",
    r"suspicious RCU usage", r"sleeping function called from invalid context", r"scheduling while atomic",
    r"refcount_t: ", r"list_(add|del) corruption", r"KASAN: ", r"UBSAN: ", r"kmemleak: \d+ new suspected",
    r"unregister_netdevice: waiting for", r"page allocation failure", r"bad page state",
    r"skbuff: skb_(under|over)_panic", r"Slab .* Objects remaining", r"Memory leak detected",
]))


def complaints(text):
    return [line for line in text.splitlines() if COMPLAINTS.search(line)]


def report(run, length=60):
    """The kernel's first complaint and what follows it."""
    lines = (run.console if complaints(run.console) else run.dmesg).splitlines()
    first = next((number for number, line in enumerate(lines) if COMPLAINTS.search(line)), len(lines))
    return lines[first:first + length]


def judge(run):
    """(passed, reasons)"""
    reasons = []
    seen = complaints(run.console + "\n" + run.dmesg)
    if seen:
        reasons.append("the kernel complained: " + seen[0].strip())
    if run.timed_out:
        reasons.append("the guest did not end before the deadline")
    elif run.status is None:
        reasons.append("the guest ended before the test did")
    elif run.status != 0:
        reasons.append(f"the test ended with status {run.status}")
    return not reasons, reasons
