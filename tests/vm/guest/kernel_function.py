"""How often a function of the kernel is called: a probe on it, by tracefs."""
import os
import pathlib

TRACING = pathlib.Path("/sys/kernel/debug/tracing")
PROBES = TRACING / "kprobe_events"


class KernelFunction:
    def __init__(self, name):
        self.name = name
        self.event = TRACING / "events/kprobes" / f"count_{name}"

    @staticmethod
    def can_count():
        return PROBES.exists()

    @staticmethod
    def _change(words):
        probes = os.open(PROBES, os.O_WRONLY | os.O_APPEND)      # truncation would remove them all
        try:
            os.write(probes, words.encode() + b"\n")
        finally:
            os.close(probes)

    def __enter__(self):
        self._change(f"p:count_{self.name} {self.name}")
        (self.event / "enable").write_text("1")
        return self

    def calls(self):
        """Since the block began."""
        counts = [line.split() for line in (TRACING / "kprobe_profile").read_text().splitlines()]
        return next(int(hits) for event, hits, _ in counts if event == self.event.name)

    def __exit__(self, *_):
        (self.event / "enable").write_text("0")
        self._change(f"-:count_{self.name}")
