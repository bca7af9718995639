"""One run of the guest in qemu by plain emulation: starts it, waits for its end or the deadline, collects what it left."""
import pathlib
import re
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
        self.lost = ""   # why there are no results, or not all

    def _text(self, name):
        path = self.folder / name
        return path.read_text(errors="replace") if path.exists() else ""

    @property
    def console(self):
        return self._text("console")

    @property
    def output(self):
        return self._text("output")

    @property
    def emulator(self):
        """What qemu itself said: that it was ended, that it could not start."""
        return self._text("qemu.log")

    @property
    def dmesg(self):
        return self._text("results/dmesg")

    @property
    def leaks(self):
        """What kmemleak found when all was over, and the symbols of the modules then loaded (a debug kernel's)."""
        return self._text("results/kmemleak"), self._text("results/symbols")

    @property
    def status(self):
        """The test's exit status; None when the guest did not get as far."""
        text = self._text("results/status").strip()
        return int(text) if text else None


def boot(kernel, initramfs, folder, deadline, cpus=2, memory="1G", icount=False, options=(), words=()):
    """Runs the guest until it ends itself. A file `options` beside the kernel, and `words`, add to its command line; `options` to
    the emulator's.

    With `icount` one instruction is one nanosecond of the guest's time, and a guest that waits skips to its next timer: what
    it measures does not depend on this host. Nor do its date, its random numbers and the places of kernel and programs in
    memory, on which the secrets of hash tables and thereby their chains depend: each boot is the same. Its processor lacks the
    fast forms of "rep stosb" and "rep movsb": the kernel then fills and copies by words, of which each counts as one
    instruction; by bytes, clearing memory would weigh more than all else.
    """
    folder = pathlib.Path(folder)
    run = Run(folder)
    disk = folder / "disk"
    command_line = " ".join([KERNEL_OPTIONS, _own_options(kernel), *words])
    with open(disk, "wb") as file:
        file.truncate(RESULTS_SIZE)
    speed = REPEATABLE if icount else ["-accel", "tcg,thread=multi"]
    command_line += REPEATABLE_KERNEL if icount else ""
    # Sockets, not cores: where there is no ACPI, the table that tells a kernel of processors has one line for a socket.
    command = [emulator(), "-machine", "pc", *speed, "-cpu", "max,-erms,-fsrm" if icount else "max",
             "-smp", "1" if icount else f"{cpus},sockets={cpus},cores=1,threads=1", "-m", memory,
             "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
             "-serial", f"file:{folder}/console", "-serial", f"file:{folder}/output",
             "-drive", f"file={disk},format=raw,if=virtio,cache=unsafe",
             "-kernel", str(kernel / "vmlinuz"), "-initrd", str(initramfs), "-append", command_line, *options]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=open(folder / "qemu.log", "wb"),
                               stderr=subprocess.STDOUT)
    try:
        process.wait(timeout=deadline)
    except subprocess.TimeoutExpired:
        run.timed_out = True
    finally:
        process.kill()
        process.wait()
    run.lost = _unpack(disk, folder / "results")
    disk.unlink(missing_ok=True)
    return run


def _own_options(kernel):
    """Words from the file `options` beside the kernel. Under emulation the guest's time stamp counter is the host's: a kernel that
    would measure it with a timer, which a busy host delivers late, is told instead ({tsc_khz})."""
    path = kernel / "options"
    if not path.exists():
        return ""
    frequency = re.search(r"^cpu MHz\s*: (\d+)\.(\d{3})", pathlib.Path("/proc/cpuinfo").read_text(), re.M)
    return path.read_text().strip().format(tsc_khz="".join(frequency.groups()) if frequency else "2000000")


def _unpack(disk, target):
    """Nothing, or in words what kept the results from being unpacked; a guest that never came to its end wrote none."""
    try:
        target.mkdir(exist_ok=True)
        with tarfile.open(disk, "r:") as archive:
            archive.extractall(target, filter="data")
    except (tarfile.TarError, EOFError, OSError) as error:
        return f"no results: {error}"
    return ""
