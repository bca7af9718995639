# Sourced by utilities/quickstart and tests/run: what both must check and install before anything is built.
# shellcheck shell=bash
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

say() { printf '%s\n' "$*"; }
die() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; exit 1; }

# step TITLE COMMAND...: runs a long command with its output in $state/logs, and shows that it lives.
step() {
  local title=$1 log start pid; shift
  mkdir -p "$state/logs"
  log="$state/logs/$(tr -cs 'a-zA-Z0-9' '-' <<<"$title" | sed 's/-*$//').log"
  start=$SECONDS
  printf '%s ' "$title"
  "$@" >"$log" 2>&1 </dev/null & pid=$!
  while kill -0 "$pid" 2>/dev/null; do
    for _ in 1 2 3 4 5 6 7 8 9 10; do kill -0 "$pid" 2>/dev/null || break; sleep 0.3; done
    kill -0 "$pid" 2>/dev/null && printf '.'
  done
  if wait "$pid"; then printf ' done (%d s)\n' $((SECONDS - start)); return 0; fi
  printf ' failed\n'
  tail -n 30 "$log" | sed 's/^/    | /' >&2
  die "$title failed; the whole output is in $log"
}

need_root() {
  [ "$(id -u)" = 0 ] || die "this needs root (it installs packages and makes network devices): run it with sudo, or as root"
}

need_distribution() {
  . /etc/os-release 2>/dev/null || die "cannot read /etc/os-release: this script supports Debian 12 and its relatives; elsewhere install the packages named in utilities/packages by hand and build with 'cmake --preset release && ninja -C build'"
  case " $ID ${ID_LIKE:-} " in
    *" debian "*|*" ubuntu "*) ;;
    *) die "$PRETTY_NAME is not supported by this script (Debian 12 is); install the equivalents of the packages in utilities/packages by hand and build with 'cmake --preset release && ninja -C build'" ;;
  esac
}

need_namespaces() {
  local probe="turnout-probe-$$"
  command -v ip >/dev/null || die "the command 'ip' is missing: install the package iproute2"
  ip netns add "$probe" 2>/dev/null ||
    die "this host cannot make network namespaces (a container without CAP_SYS_ADMIN or CAP_NET_ADMIN?): run on a host or virtual machine, or give the container --privileged"
  ip netns del "$probe"
  [ -c /dev/net/tun ] || modprobe tun 2>/dev/null || [ -c /dev/net/tun ] ||
    die "/dev/net/tun is missing: internal ports need it (modprobe tun, or --device /dev/net/tun for a container)"
}

# install_packages PURPOSE...: only what is missing, and only then is the network used.
install_packages() {
  local purpose wanted=() missing=()
  for purpose in "$@"; do
    read -ra words <<<"$(sed -n "s/^$purpose //p" "$top/utilities/packages" | tr '\n' ' ')"
    wanted+=("${words[@]}")
  done
  for p in "${wanted[@]}"; do
    dpkg-query -W -f '${Status}\n' "$p" 2>/dev/null | grep -q 'ok installed' || missing+=("$p")
  done
  [ ${#missing[@]} = 0 ] && return 0
  say "installing ${#missing[@]} packages: ${missing[*]}"
  step "fetch the package lists" apt-get update -q
  # Tests bring the Debian switch as a reference; its services must not start by themselves.
  export RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive
  step "install packages" apt-get install -y -q --no-install-recommends "${missing[@]}"
}

jobs() { nproc; }

# build PRESET [target or cmake option]...: configures when needed; builds the targets named, or everything.
build() {
  local preset=$1 word options=() targets=(); shift
  for word in "$@"; do
    case $word in
      -*) options+=("$word") ;;
      *) targets+=("$word") ;;
    esac
  done
  step "configure ($preset)" cmake --preset "$preset" -S "$top" "${options[@]}"
  step "build ($preset)" cmake --build --preset "$preset" -j "$(jobs)" ${targets:+--target "${targets[@]}"}
}
