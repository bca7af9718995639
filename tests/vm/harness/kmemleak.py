"""Reads what kmemleak reports: which objects nobody points to any more, and who allocated them."""
import bisect
import re

# What the kernel leaks without our doing: (expression found in the report of one object, why it is no fault of ours).
OF_THE_KERNEL = []


class _Symbols:
    """Lines of /proc/kallsyms, taken while the module was loaded: kmemleak has no names for a module that is gone."""

    def __init__(self, text):
        found = (re.match(r"([0-9a-f]+) \w (\S+)\s+\[(\w+)\]", line) for line in text.splitlines())
        self.table = sorted((int(one[1], 16), one[2], one[3]) for one in found if one)

    def name(self, address):
        place = bisect.bisect(self.table, (address, "\U0010ffff")) - 1
        if place < 0 or address - self.table[place][0] > 1 << 16:
            return f"0x{address:x} [a module that is gone]"
        start, name, module = self.table[place]
        return f"{name}+0x{address - start:x} [{module}]"


def leaked(report, symbols):
    """One text for each leaked object that counts, its stack with names."""
    table = _Symbols(symbols)
    objects = re.split(r"^(?=unreferenced object )", report, flags=re.M)
    objects = [re.sub(r"(\] )0x([0-9a-f]{8,})$", lambda m: m[1] + table.name(int(m[2], 16)), one, flags=re.M)
               for one in objects if one.startswith("unreferenced object")]
    return [one for one in objects if not any(re.search(known, one) for known, _ in OF_THE_KERNEL)]
