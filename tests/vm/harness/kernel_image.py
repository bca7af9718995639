"""Which kernel the guest boots: one that tests/vm/fetch-kernel has unpacked, of the version turnout.ko was built for."""
import os
import pathlib
import re
import subprocess


OF_DEBUG_KERNEL = "-turnout-debug"   # what tests/vm/debug-kernel builds: only for those who ask for it


class Missing(Exception):
    """Something that this host lacks; the message says what and how to get it."""


def cache_directory():
    home = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
    return pathlib.Path(os.environ.get("TURNOUT_VM_CACHE") or home / "turnout" / "vm")


def version_of_module(module):
    """The kernel version in a module's vermagic."""
    text = subprocess.run(["modinfo", "-F", "vermagic", str(module)], stdout=subprocess.PIPE, text=True, check=True).stdout
    return text.split()[0]


def _by_number(path):
    return [int(number) for number in re.findall(r"\d+", path.name)]


def find_kernel(module=None):
    """The directory CACHE/VERSION with vmlinuz and lib/modules; the newest one if no module asks for a version."""
    cache = cache_directory()
    if module:
        wanted = cache / version_of_module(module)
        if not (wanted / "vmlinuz").exists():
            raise Missing(f"turnout.ko is for Linux {wanted.name}, which is not in {cache}: run tests/vm/fetch-kernel")
        return wanted
    kernels = (entry.parent for entry in cache.glob("*/vmlinuz"))
    found = sorted((kernel for kernel in kernels if not kernel.name.endswith(OF_DEBUG_KERNEL)), key=_by_number)
    if not found:
        raise Missing(f"no guest kernel in {cache}: run tests/vm/fetch-kernel")
    return found[-1]
