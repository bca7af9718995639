#!/usr/bin/env python3
"""The verdict on what a guest leaves, without booting one: every reporter of the kernel's, leaked objects, results that are gone."""
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "harness"))
sys.dont_write_bytecode = True
import kmemleak   # noqa: E402
import machine    # noqa: E402
import verdict    # noqa: E402

# As Linux 6.1 prints them.
SPLATS = """\
WARNING: suspicious RCU usage
WARNING: possible circular locking dependency detected
WARNING: inconsistent lock state
WARNING: bad unlock balance detected!
WARNING: lock held when returning to user space!
INFO: trying to register non-static key.
BUG: sleeping function called from invalid context at include/linux/sched/mm.h:274
BUG: scheduling while atomic: python3/71/0x00000002
BUG: using smp_processor_id() in preemptible [00000000] code: ip/70
BUG: MAX_LOCKDEP_ENTRIES too low!
BUG: KASAN: use-after-free in tn_flow_free+0x10/0x20 [turnout]
ODEBUG: free active (active state 0) object type: rcu_head hint: 0x0
refcount_t: underflow; use-after-free.
leaked reference.
reference already released.
list_del corruption. prev->next should be ffff888004b2b900, but was dead000000000122
unregister_netdevice: waiting for p1 to become free. Usage count = 2
kmemleak: Cannot allocate a kmemleak_object structure
INFO: task ip:70 blocked for more than 60 seconds.
""".splitlines()
QUIET = """\
turnout: loading out-of-tree module taints kernel.
kmemleak: Automatic memory scanning thread ended
kmemleak: Kernel memory leak detector disabled
Lock dependency validator: Copyright (c) 2006 Red Hat, Inc., Ingo Molnar
rcu: \tRCU lockdep checking is enabled.
device p1 entered promiscuous mode
""".splitlines()
LEAK = """\
unreferenced object 0xffff888004b2b900 (size 256):
  comm "python3", pid 71, jiffies 4294903466 (age 33.628s)
  hex dump (first 32 bytes):
    00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00  ................
  backtrace:
    [<ffffffff81a3c1d2>] __kmalloc+0x4f/0x140
    [<ffffffffa0001234>] 0xffffffffa0001234
    [<ffffffffa0101234>] 0xffffffffa0101234
"""
SYMBOLS = "ffffffffa0001200 t tn_flow_alloc\t[turnout]\nffffffffa0001300 t tn_flow_free\t[turnout]\n"


def with_files(**files):
    """A run that ended well, but for what the files say."""
    kept = tempfile.TemporaryDirectory()
    (pathlib.Path(kept.name) / "results").mkdir()
    for name, text in {"console": "", "output": "", "results/status": "0\n", **files}.items():
        (pathlib.Path(kept.name) / name).write_text(text)
    run = machine.Run(kept.name)
    run.kept = kept   # the folder lives as long as the run
    return run


def every_reporter_fails_a_run():
    for line in SPLATS:
        passed, reasons = verdict.judge(with_files(console=f"[   12.345678] {line}\n"))
        assert not passed and line in reasons[0], line


def what_a_kernel_says_anyway_does_not():
    passed, reasons = verdict.judge(with_files(console="\n".join(QUIET)))
    assert passed, reasons


def a_leaked_object_fails_a_run_and_its_stack_has_names():
    run = with_files(**{"results/kmemleak": LEAK * 2, "results/symbols": SYMBOLS})
    passed, reasons = verdict.judge(run)
    assert not passed and reasons == ["2 objects leaked"], reasons
    shown = "\n".join(verdict.report(run))
    assert "tn_flow_alloc+0x34 [turnout]" in shown and "0xffffffffa0101234 [a module that is gone]" in shown, shown


def no_leak_is_no_failure():
    assert kmemleak.leaked("", SYMBOLS) == []


def results_that_are_gone_are_said_to_be():
    with tempfile.TemporaryDirectory() as folder:
        run = machine.Run(pathlib.Path(folder) / "removed")
        run.lost = machine._unpack(run.folder / "disk", run.folder / "results")
        passed, reasons = verdict.judge(run)
        assert not passed and "no results: " in reasons[0], reasons


def a_guest_that_ended_early_shows_its_last_words():
    run = with_files(console="one\ntwo\nlast words\n", **{"results/status": "", "qemu.log": "qemu: terminating on signal 15\n"})
    passed, reasons = verdict.judge(run)
    assert not passed and "the guest ended before the test did" in reasons[0], reasons
    shown = verdict.report(run)
    assert "last words" in shown and any("signal 15" in line for line in shown), shown


def main():
    passed = failed = 0
    for test in (every_reporter_fails_a_run, what_a_kernel_says_anyway_does_not, a_leaked_object_fails_a_run_and_its_stack_has_names,
                 no_leak_is_no_failure, results_that_are_gone_are_said_to_be, a_guest_that_ended_early_shows_its_last_words):
        try:
            test()
            print(f"ok    {test.__name__}")
            passed += 1
        except AssertionError as error:
            print(f"FAIL  {test.__name__}: {error}")
            failed += 1
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
