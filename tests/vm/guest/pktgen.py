"""The kernel's packet generator: frames that arrive at a device, counted in nanoseconds each."""
import pathlib
import re

PROC = pathlib.Path("/proc/net/pktgen")


class Generator:
    """UDP frames of 60 bytes which arrive at `device` as if a driver had received them."""

    def __init__(self, device, **settings):
        self.device = device
        (PROC / "kpktgend_0").write_text(f"add_device {device}\n")
        self.set(xmit_mode="netif_receive", pkt_size=60, delay=0, flag="NO_TIMESTAMP", **settings)

    def set(self, **settings):
        for name, value in settings.items():
            (PROC / self.device).write_text(f"{name} {value}\n")

    def run(self, count):
        """Nanoseconds for each frame, over `count` of them."""
        self.set(count=count)
        (PROC / "pgctrl").write_text("start\n")
        report = (PROC / self.device).read_text()
        done = re.search(r"Result: OK: (\d+)\(.*usec, (\d+) ", report)
        assert done and int(done[2]) == count, report
        return int(done[1]) * 1000 / count
