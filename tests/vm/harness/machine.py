"""One run of the guest in qemu by plain emulation: starts it, waits for its end or the deadline, collects what it left."""
import pathlib
import shutil
import subprocess
import tarfile

from kernel_image import Missing

RESULTS_SIZE = 64 << 20
# Oopses end the guest at once, with the report on the console; emulation and a busy host must not look like a hang.
KERNEL_OPTIONS = ("rdinit=/init console=ttyS0 quiet loglevel=5 panic=-1 reboot=t oops=panic mitigations=off "
                  "sysctl.kernel.hung_task_timeout_secs=60 sysctl.kernel.watchdog_thresh=60 "
                  "rcupdate.rcu_cpu_stall_timeout=120 no_timer_check trace_clock=local random.trust_cpu=on tsc=reliable")

REPEATABLE = ["-accel", "tcg,thread=single", "-icount", "shift=0,sleep=off", "-seed", "1", "-rtc", "base=2026-01-01,clock=vm"]
REPEATABLE_KERNEL = " nokaslr norandmaps sysctl.kernel.hung_task_timeout_secs=0"   # who waits for the host's disk waits for ages


def emulator():
    found = shutil.which("qemu-system-x86_64")
    if not found:
        raise Missing("qemu-system-x86_64 is missing: install the package qemu-system-x86")
    return found


class Run:
    """What one boot left in `folder`: console (the kernel's), output (the test's), and files from /results."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.timed_out = False

    @property
    def console(self):
        return (self.folder / "console").read_text(errors="replace")

    @property
    def output(self):
        return (self.folder / "output").read_text(errors="replace")

    @property
    def dmesg(self):
        path = self.folder / "results" / "dmesg"
        return path.read_text(errors="replace") if path.exists() else ""

    @property
    def status(self):
        """The test's exit status; None when the guest did not get as far."""
        path = self.folder / "results" / "status"
        return int(path.read_text()) if path.exists() else None


def boot(kernel, initramfs, folder, deadline, cpus=2, memory="1G", icount=False, options=()):
    """Runs the guest until it ends itself. A file `options` beside the kernel adds to its command line.

    With `icount` one instruction is one nanosecond of the guest's time, and a guest that waits skips to its next timer: what
    it measures does not depend on this host. Nor do its date, its random numbers and the places of kernel and programs in
    memory, on which the secrets of hash tables and thereby their chains depend: each boot is the same. Its processor lacks the fast forms of "rep stosb" and "rep movsb": the kernel
    then fills and copies by words, of which each counts as one instruction; by bytes, clearing memory would weigh more than
    all else.
    """
    folder = pathlib.Path(folder)
    run = Run(folder)
    disk = folder / "disk"
    own_options = kernel / "options"
    command_line = KERNEL_OPTIONS + (" " + own_options.read_text().strip() if own_options.exists() else "")
    with open(disk, "wb") as file:
        file.truncate(RESULTS_SIZE)
    speed = REPEATABLE if icount else ["-accel", "tcg,thread=multi"]
    command_line += REPEATABLE_KERNEL if icount else ""
    words = [emulator(), "-machine", "pc", *speed, "-cpu", "max,-erms,-fsrm" if icount else "max",
             "-smp", "1" if icount else str(cpus), "-m", memory,
             "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
             "-serial", f"file:{folder}/console", "-serial", f"file:{folder}/output",
             "-drive", f"file={disk},format=raw,if=virtio,cache=unsafe",
             "-kernel", str(kernel / "vmlinuz"), "-initrd", str(initramfs), "-append", command_line, *options]
    process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=open(folder / "qemu.log", "wb"),
                               stderr=subprocess.STDOUT)
    try:
        process.wait(timeout=deadline)
    except subprocess.TimeoutExpired:
        run.timed_out = True
    finally:
        process.kill()
        process.wait()
    _unpack(disk, folder / "results")
    disk.unlink()
    return run


def _unpack(disk, target):
    target.mkdir()
    try:
        with tarfile.open(disk) as archive:
            archive.extractall(target, filter="data")
    except tarfile.ReadError:
        pass   # the guest never came to the end; status stays None
