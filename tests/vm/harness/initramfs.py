"""Builds the guest's file system: a tree of paths, written as one uncompressed cpio archive (format newc).

A path is taken from the host as it is; programs bring the shared libraries that ldd names; kernel modules bring the
modules that they depend on, and the tables that modprobe reads.
"""
import os
import pathlib
import re
import shutil
import stat
import subprocess
import tempfile

from kernel_image import Missing

# What the interpreter's library holds that no test in the guest can use.
PYTHON_LEFT_OUT = {"test", "idlelib", "lib2to3", "distutils", "ensurepip", "tkinter", "turtledemo", "pydoc_data", "venv",
                   "unittest", "sqlite3", "curses", "dbm", "xmlrpc", "wsgiref", "multiprocessing", "asyncio"}

PYTHON_EXTENSIONS_LEFT_OUT = ("_tkinter", "_sqlite3", "_curses", "_test", "_ssl", "_dbm", "_gdbm", "readline", "_codecs_")


class Tree:
    """Guest path -> what stands there. Directories come by themselves; /bin, /sbin, /lib and /lib64 are links into /usr."""
    MERGED = ("bin", "sbin", "lib", "lib64")

    def __init__(self):
        self.entries = {f"/{name}": (stat.S_IFLNK | 0o777, b"usr/" + name.encode()) for name in self.MERGED}

    def _place(self, guest, mode, content):
        guest = str(guest)
        if guest.split("/")[1] in self.MERGED:
            guest = "/usr" + guest
        self.entries[guest] = (mode, content)

    def add_bytes(self, guest, content, mode=0o644):
        self._place(guest, stat.S_IFREG | mode, content)

    def add_file(self, host, guest=None, mode=None):
        host = pathlib.Path(host)
        self._place(guest or host, stat.S_IFREG | (mode or stat.S_IMODE(host.stat().st_mode)), host)

    def add_folder(self, host, guest, left_out=()):
        for folder, folders, files in os.walk(host):
            folders[:] = [name for name in folders if name not in left_out]
            for name in files:
                path = pathlib.Path(folder) / name
                if path.exists():
                    self.add_file(path, pathlib.Path(guest) / path.relative_to(host))

    def add_program(self, name, guest=None):
        """A program from PATH (or a path), with its libraries. A script's interpreter must be named too."""
        found = shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/sbin")
        if not found:
            raise Missing(f"the program '{name}' is missing: install the packages of utilities/packages (tests/run does)")
        self.add_file(os.path.realpath(found), guest or found)
        self.add_libraries(found)

    def add_libraries(self, path):
        done = subprocess.run(["ldd", str(path)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        for library in re.findall(r"(/\S+) \(0x", done.stdout):
            self.add_file(os.path.realpath(library), library)

    def add_python(self):
        """Debian's python3 with the part of its library that tests use, compiled files included (emulation is slow)."""
        self.add_program("/usr/bin/python3")
        ask = ["/usr/bin/python3", "-c", "import os; print(os.__file__)"]
        library = pathlib.Path(subprocess.run(ask, stdout=subprocess.PIPE, text=True, check=True).stdout).parent
        config = [entry.name for entry in library.iterdir() if entry.name.startswith("config-")]
        self.add_folder(library, library, left_out=PYTHON_LEFT_OUT | {"lib-dynload"} | set(config))
        for extension in (library / "lib-dynload").glob("*.so"):
            if not extension.name.startswith(PYTHON_EXTENSIONS_LEFT_OUT):
                self.add_file(extension)
                self.add_libraries(extension)

    def add_modules(self, kernel, names, optional=(), extra=()):
        """The named modules of a kernel directory, what they need, and modules built elsewhere (paths)."""
        source = kernel / "lib" / "modules" / kernel.name
        table = _Modules(source)
        with tempfile.TemporaryDirectory() as staging:
            target = pathlib.Path(staging) / "lib" / "modules" / kernel.name
            target.mkdir(parents=True)
            names = [*names, *filter(table.has, optional), *(need for path in extra for need in depends(path))]
            for path in table.closure(names):
                (target / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source / path, target / path)
            for path in extra:
                (target / "extra").mkdir(exist_ok=True)
                shutil.copy(path, target / "extra")
            for name in ("modules.order", "modules.builtin", "modules.builtin.modinfo"):
                shutil.copy(source / name, target)
            subprocess.run(["depmod", "-b", staging, kernel.name], check=True)
            for path in target.rglob("*"):
                if path.is_file():
                    self.add_bytes("/" + str(path.relative_to(staging)), path.read_bytes())

    def write(self, output):
        """The archive, parents before children."""
        folders = {str(parent) for path in self.entries for parent in pathlib.PurePosixPath(path).parents} - {"/", "."}
        archive = _Cpio(output)
        for path in sorted(folders - set(self.entries)):
            archive.add(path, stat.S_IFDIR | 0o755, b"")
        for path, (mode, content) in sorted(self.entries.items()):
            archive.add(path, mode, content if isinstance(content, bytes) else content.read_bytes())
        archive.add("/TRAILER!!!", 0, b"")


def depends(module):
    """The modules that a module file says it needs."""
    text = subprocess.run(["modinfo", "-F", "depends", str(module)], stdout=subprocess.PIPE, text=True, check=True).stdout
    return [name for name in text.strip().split(",") if name]


class _Modules:
    """modules.dep of one kernel: names to files, and what they depend on."""

    def __init__(self, folder):
        self.needs, self.file_of = {}, {}
        for line in (folder / "modules.dep").read_text().splitlines():
            path, _, needs = line.partition(":")
            self.needs[path] = needs.split()
            self.file_of[self.plain(pathlib.PurePath(path).stem)] = path
        builtin = (folder / "modules.builtin").read_text().split()
        self.builtin = {self.plain(pathlib.PurePath(path).stem) for path in builtin}

    @staticmethod
    def plain(name):
        return name.replace("-", "_")

    def has(self, name):
        return self.plain(name) in self.builtin or self.plain(name) in self.file_of

    def closure(self, names):
        found = set()
        for name in map(self.plain, names):
            if name in self.builtin:
                continue
            if name not in self.file_of:
                raise Missing(f"the guest kernel has no module '{name}'")
            path = self.file_of[name]
            found.update([path], self.needs[path])
        return found


class _Cpio:
    """Writes newc records. Source: the kernel's Documentation/driver-api/early-userspace/buffer-format.rst."""

    def __init__(self, output):
        self.output, self.inode = output, 0

    def add(self, path, mode, content):
        self.inode += 1
        name = os.fsencode(path.lstrip("/")) + b"\0"
        fields = [self.inode, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name), 0]
        header = b"070701" + b"".join(b"%08x" % field for field in fields) + name
        self.output.write(header + bytes(-len(header) % 4) + content + bytes(-len(content) % 4))
