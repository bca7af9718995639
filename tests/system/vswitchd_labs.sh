#!/usr/bin/env bash
# Runs the labs of TURNOUT_LABS (default: shared/labs beside the checkout) on daemons of this build, in a network namespace.
set -u
here=$(cd "$(dirname "$0")" && pwd)
labs=${TURNOUT_LABS:-$here/../../../shared/labs}
bin=${TURNOUT_BIN:-$here/../../build/bin}
[ -d "$labs" ] || { echo "skipped: no labs in $labs (set TURNOUT_LABS)"; exit 77; }
[ "$(id -u)" = 0 ] || { echo "skipped: not root"; exit 77; }
exec python3 - "$here/../support" "$labs" "$bin" <<'PY'
import os, pathlib, subprocess, sys
sys.path.insert(0, sys.argv[1])
import switch_lab
passed = failed = 0
for lab in ("veth.sh", "internal.sh"):
    switch = switch_lab.Switch()
    # A lab finds its programs in PATH and the daemon by its pid file.
    tools = switch.dir / "tools"
    tools.mkdir()
    for name in ("ovs-vsctl", "ovs-appctl"):
        (tools / name).symlink_to(switch_lab.program(name))
    (switch.dir / f"ovs-vswitchd.{(switch.dir / 'ovs-vswitchd.pid').read_text().strip()}.ctl").symlink_to(switch.dir / "vswitchd.ctl")
    env = dict(switch.env, PATH=f"{tools}:{os.environ['PATH']}")
    done = subprocess.run(["ip", "netns", "exec", switch.ns, "bash", str(pathlib.Path(sys.argv[2]) / lab)], env=env)
    passed, failed = (passed + 1, failed) if done.returncode == 0 else (passed, failed + 1)
    for line in switch.complaints():
        print("log:", line)
    switch.close()
print(f"{passed} passed, {failed} failed")
sys.exit(1 if failed else 0)
PY
