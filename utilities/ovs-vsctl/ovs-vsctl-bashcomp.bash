# Completion of ovs-vsctl command lines for bash: source it, or install it among the completions of bash.
# Words come from the program (--commands, --options, --help) and from the database that the line names with --db.

_ovs_vsctl_run() { command "${_ovs_vsctl_program:-ovs-vsctl}" --timeout=2 "${_ovs_vsctl_db[@]}" "$@" 2>/dev/null; }

# What never changes while a shell lives is asked once.
_ovs_vsctl_learn() {
  [ -z "$_ovs_vsctl_commands" ] || return 0
  _ovs_vsctl_commands=$(_ovs_vsctl_run --commands)
  _ovs_vsctl_options=$(_ovs_vsctl_run --options | sed -n 's/^\(--[^=]*=\{0,1\}\).*/\1/p; s/^\(-[^-]\) *.*/\1/p')
  _ovs_vsctl_tables=$(_ovs_vsctl_run --help | sed -n 's/^  \([A-Za-z_]*\):$/\1/p')
}

# Options and syntax of the command $1, as "[--may-exist] " and "!BRIDGE ?PORT".
_ovs_vsctl_command_options() { sed -n "s/^\(.*\),$1,.*/\1/p" <<<"$_ovs_vsctl_commands" | tr -d '[]'; }
_ovs_vsctl_syntax() { sed -n "s/^.*,$1,\(.*\)/\1/p" <<<"$_ovs_vsctl_commands"; }

# The syntax word for argument number $1 (from 0) of the syntax words that follow; the last may repeat.
_ovs_vsctl_argument() {
  local at=$1 spec
  shift
  for spec; do
    if [ "$at" -le 0 ] || [[ $spec == [*+]* ]]; then
      echo "$spec"
      return
    fi
    at=$((at - 1))
  done
}

_ovs_vsctl_records() {   # TABLE
  case $1 in
    [Oo]pen*|SSL|ssl) echo . ;;
    [Mm]anager) _ovs_vsctl_run --bare --columns=target list "$1" ;;
    [Cc]ontroller|[Nn]et*|s[Ff]*|[Ii][Pp]*|[Aa]uto*) _ovs_vsctl_run list-br ;;
    [Qq]o*) _ovs_vsctl_run --bare --columns=name list Port ;;
    *) _ovs_vsctl_run --bare --columns=name list "$1" ;;
  esac
  _ovs_vsctl_run --bare --columns=_uuid list "$1"
}

_ovs_vsctl_columns() { _ovs_vsctl_run -f csv list "$1" | sed -n '1s/,/ /gp'; }   # TABLE

_ovs_vsctl_keys() {   # TABLE COLUMN [RECORD]: COLUMN:KEY for each key that some record has
  _ovs_vsctl_run -f json --columns="$2" list "$1" ${3:+"$3"} |
    grep -o '\["[^"]*",\("[^"]*"\|[^]"[]*\)\]' | sed -n "s/^\[\"\([^\"]*\)\",.*/$2:\1/p" | grep -v ":\(map\|set\|uuid\)$"
}

# What may stand for the syntax word $1; $2 is the word so far, the rest the arguments before it.
_ovs_vsctl_candidates() {
  local spec=${1#[?*+!]} word=$2
  shift 2
  case $spec in
    BRIDGE|PARENT) _ovs_vsctl_run list-br ;;
    PORT|BOND) _ovs_vsctl_run --bare --columns=name list Port ;;
    IFACE|SYSIFACE) _ovs_vsctl_run --bare --columns=name list Interface ;;
    PORT\|IFACE) _ovs_vsctl_run --bare --columns=name list Port -- --columns=name list Interface ;;
    TABLE) echo "$_ovs_vsctl_tables" ;;
    RECORD) _ovs_vsctl_records "$1" ;;
    COLUMN\?:KEY*|COLUMN)
      if [[ $word == *:* && $spec == *KEY* ]]; then _ovs_vsctl_keys "$1" "${word%%:*}" "${2:+$2}"; else _ovs_vsctl_columns "$1"; fi ;;
    KEY) _ovs_vsctl_run br-get-external-id "$1" | sed 's/=.*//' ;;
    *KEY=VALUE) _ovs_vsctl_run get "$1" "$2" "$3" | tr -d '{},"' | tr ' ' '\n' | grep . ;;
    MODE) echo standalone secure ;;
    TARGET) echo tcp: ssl: unix: ptcp: pssl: punix: ;;
    DATAPATH) _ovs_vsctl_run get Open_vSwitch . datapaths | tr '{,' '\n' | sed -n 's/^ *"\{0,1\}\([^"=]*\)"\{0,1\}=.*/\1/p' ;;
    TIMEOUT=SECS)
      echo {icmp_{first,reply},udp_{first,single,multiple},tcp_{syn_sent,syn_recv,established,fin_wait,close_wait,last_ack,time_wait,close,syn_sent2,retransmit,unack}}= ;;
    zone=ID*) echo zone= ;;
    PRIVATE-KEY|CERTIFICATE|CA-CERT) compgen -f -- "$word" ;;
  esac
}

# Words that may follow those of the current command ($@), the last of which is being typed.
_ovs_vsctl_of_command() {
  local words=("$@") last=$(($# - 1)) at=0 name option args
  while [ $at -lt $last ] && [[ ${words[at]} == -* ]]; do at=$((at + 1)); done
  if [ $at -eq $last ]; then
    sed 's/^.*,\(.*\),.*/\1/' <<<"$_ovs_vsctl_commands"
    sed 's/,.*//' <<<"$_ovs_vsctl_commands" | tr -d '[]' | tr ' ' '\n' | sort -u
    return
  fi
  name=${words[at]}
  args=("${words[@]:at+1}")
  [[ ${words[last]} != -* ]] || { echo --; return; }
  # shellcheck disable=SC2046
  _ovs_vsctl_candidates "$(set -f; _ovs_vsctl_argument $((last - at - 1)) $(_ovs_vsctl_syntax "$name"))" "${words[last]}" "${args[@]}"
  [ -n "${words[last]}" ] || echo --
}

_ovs_vsctl() {
  local line=${COMP_LINE:0:COMP_POINT} words start=1 i word typed candidates
  local _ovs_vsctl_program _ovs_vsctl_db=()
  read -ra words <<<"$line"
  [[ $line != *[[:space:]] ]] || words+=("")
  _ovs_vsctl_program=${words[0]}
  for ((i = 1; i < ${#words[@]}; i++)); do
    [[ ${words[i]} != --db=* ]] || _ovs_vsctl_db=("${words[i]}")
    [[ ${words[i]} != -- || $i -eq $((${#words[@]} - 1)) ]] || start=$((i + 1))
  done
  _ovs_vsctl_learn
  word=${words[-1]}
  candidates=$(_ovs_vsctl_of_command "${words[@]:start}")
  # Options of the program stand before the first command.
  if [ $start -eq 1 ] && [[ $word == -* ]]; then candidates+=$'\n'$_ovs_vsctl_options; fi
  mapfile -t COMPREPLY < <(compgen -W "$(tr '\n' ' ' <<<"$candidates")" -- "$word" | sort -u)
  # bash replaces only what follows the last '=' or ':' where those break words.
  typed=$word
  for i in = :; do
    [[ $COMP_WORDBREAKS == *$i* ]] || typed=${typed//$i/}
  done
  if [[ $typed == *[=:]* ]]; then
    word=${word%"${word##*[=:]}"}
    COMPREPLY=("${COMPREPLY[@]#"$word"}")
  fi
  # Where a word goes on after '=' or ':', or has keys, no space follows.
  [[ ${#COMPREPLY[@]} -ne 1 || ${COMPREPLY[0]} != *[=:] ]] || compopt -o nospace 2>/dev/null
}

complete -F _ovs_vsctl ovs-vsctl
