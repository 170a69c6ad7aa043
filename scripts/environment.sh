# shellcheck shell=bash
# What the scripts share: the virtual environment in the checkout, and the parts
# that are brought into the user's cache. To be sourced by bash. Everything it says goes to standard error.

checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
venv=$checkout/.venv
export PYTHONUTF8=1
umask 022

say() { printf '%s\n' "$*" >&2; }

fail() {
  say "error: $*"
  exit 1
}

# The path of a Python of 3.11 or later that can make virtual environments.
find_python() {
  local name found='' oldest=''
  for name in python3.11 python3.12 python3.13 python3.14 python3 python; do
    command -v "$name" > /dev/null || continue
    if ! "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null; then
      oldest=${oldest:-$name}
    elif "$name" -c 'import ensurepip, venv' 2> /dev/null; then
      "$name" -c 'import sys; print(sys.executable)'
      return
    else
      found=${found:-$name}
    fi
  done
  if [ -n "$found" ]; then
    fail "$found cannot make virtual environments; install the package $("$found" -c \
      'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"
  fi
  if [ -n "$oldest" ]; then
    fail "Python 3.11 or later is needed, and $oldest is $("$oldest" -V 2>&1); install python3.11 or later"
  fi
  fail "there is no Python on this machine; install python3.11 or later"
}

# need_room MEGABYTES DIRECTORY
need_room() {
  local free
  free=$(df -Pk "$2" | awk 'NR == 2 { print int($4 / 1024) }')
  [ "$free" -ge "$1" ] || fail "$2 has $free MB left and about $1 MB are needed; free some room"
}

# run_step WHAT COMMAND...: runs quietly, says how long it takes, and on failure shows the end of what it printed.
run_step() {
  local what=$1 log started=$SECONDS ticker status=0
  shift
  log=$(mktemp)
  say "$what"
  # Ends with this shell, and holds no terminal open while it sleeps.
  (while sleep 15 > /dev/null 2>&1 && kill -0 $$ 2> /dev/null; do say "  ... $((SECONDS - started)) s"; done) &
  ticker=$!
  "$@" > "$log" 2>&1 < /dev/null || status=$?
  kill "$ticker" 2> /dev/null
  wait "$ticker" 2> /dev/null || true
  if [ "$status" -ne 0 ]; then
    tail -n 8 "$log" >&2
    if grep -qiE 'no space left' "$log"; then
      rm -f "$log"
      fail "the disk is full; free about 2 GB and run this again"
    elif grep -qiE 'connection|temporary failure|timed out|proxy|no matching distribution' "$log"; then
      rm -f "$log"
      fail "the package index could not be reached or lacks a package; check the network and pip's configuration, and run this again"
    fi
    rm -f "$log"
    fail "this step failed: $*"
  fi
  say "  done in $((SECONDS - started)) s"
  rm -f "$log"
}

# What the environment of EXTRA is made from; another sum means that it must be made again.
environment_sum() {
  { echo "$1 $checkout"; cat "$checkout/pyproject.toml" "$checkout/scripts/constraints.txt"; } | sha256sum | cut -d ' ' -f 1
}

# Whether the environment can be used for EXTRA. That of `dev` holds all of `demo`.
environment_ready() {
  local extra
  for extra in "$1" dev; do
    if [ "$(cat "$venv/.callcenter-$extra" 2> /dev/null)" = "$(environment_sum "$extra")" ] &&
      "$venv/bin/python" -c 'import callcenter' > /dev/null 2>&1; then
      return 0
    fi
  done
  return 1
}

# prepare_environment EXTRA: makes .venv, unless it is there and current.
prepare_environment() {
  environment_ready "$1" && return
  local python
  python=$(find_python)
  need_room 2000 "$checkout"
  run_step "Making the virtual environment with $python" make_environment "$python"
  run_step "Installing callcenter and what it needs (about 1 GB)" \
    "$venv/bin/python" -m pip install --quiet --no-input --disable-pip-version-check \
    --constraint "$checkout/scripts/constraints.txt" --editable "${checkout}[$1]"
  environment_sum "$1" > "$venv/.callcenter-$1"
}

make_environment() {
  rm -rf "$venv"
  "$1" -m venv "$venv"
}

# bring_parts: the models, Asterisk and the voices of simulated callers, each quick when it is there already.
bring_parts() {
  "$venv/bin/callcenter" models fetch >&2 < /dev/null
  "$venv/bin/python" -m callcenter.asterisk bring >&2 < /dev/null
  "$venv/bin/python" -m callcenter.debian voices >&2 < /dev/null
}
