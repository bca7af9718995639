"""From when to when tests/bench/instructions.c, a plugin of the emulator, counts: it watches two addresses of this process."""
import contextlib
import ctypes
import os

START, STOP = 0x200000000000, 0x200000000040   # as in instructions.c
RETURN = b"\xc3"
READ_WRITE_EXECUTE, PRIVATE_ANONYMOUS_FIXED = 7, 0x32


def _code():
    """Two functions that do nothing, at the two addresses."""
    libc = ctypes.CDLL(None)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
    assert libc.mmap(START, 4096, READ_WRITE_EXECUTE, PRIVATE_ANONYMOUS_FIXED, -1, 0) == START
    for at in (START, STOP):
        ctypes.memmove(at, RETURN, 1)
    return [ctypes.CFUNCTYPE(None)(at) for at in (START, STOP)]


_start, _stop = _code() if "PROFILE" in os.environ else (None, None)


@contextlib.contextmanager
def counted():
    """The kernel's instructions in here count; without the variable PROFILE nothing happens."""
    if _start:
        _start()
    yield
    if _stop:
        _stop()
