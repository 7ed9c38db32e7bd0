#!/bin/sh
# Install what biopsy needs on this machine: once, and again only when something it needs has changed.
# Root installs system packages itself; anybody else does through sudo. Where neither is possible, or there is
# no Linux, what reads packages without running them (`biopsy analyze --static-only`) is still installed.
set -eu
cd "$(dirname "$0")"

say() { printf '%s\n' "$*" >&2; }

python=""
for candidate in "${PYTHON:-}" python3 python3.13 python3.12 python3.11; do
  [ -n "$candidate" ] || continue
  if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$candidate; break; fi
done
[ -n "$python" ] || { say "setup: Python 3.11 or newer is needed; install it, or name it: PYTHON=/path make setup"; exit 2; }

if [ "$(id -u)" = 0 ]; then sudo=""; elif command -v sudo >/dev/null 2>&1; then sudo="sudo"; else sudo="none"; fi

if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
  if command -v apt-get >/dev/null 2>&1 && [ "$sudo" != none ]; then
    say "setup: installing python3-venv"
    $sudo apt-get update -qq
    DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq python3-venv >/dev/null
  else
    say "setup: this Python has no venv module; install python3-venv, then try again"; exit 2
  fi
fi

# What the tests look at pages with; without it they are skipped, and say so.
if [ "${1:-}" = browser ]; then
  if ! command -v chromium >/dev/null 2>&1 && command -v apt-get >/dev/null 2>&1 && [ "$sudo" != none ]; then
    say "setup: installing chromium, for the tests of pages"
    $sudo apt-get update -qq
    DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq chromium fonts-dejavu-core >/dev/null
  fi
  exit 0
fi

# pip checks every file against the hashes of requirements.lock: what is installed is what was tested.
stamp=.venv/.installed
if ! { [ -f "$stamp" ] && [ "$stamp" -nt requirements.lock ] && [ "$stamp" -nt pyproject.toml ]; }; then
  say "setup: installing Python packages into .venv"
  [ -x .venv/bin/python ] || "$python" -m venv .venv
  .venv/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
  .venv/bin/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
  touch "$stamp"
fi

if [ "$(uname -s)" != Linux ]; then
  say "setup: not Linux, so nothing can be run here; \`biopsy analyze --static-only\` works"
elif [ "$sudo" = none ]; then
  say "setup: neither root nor sudo, so no sandbox; \`biopsy analyze --static-only\` works"
else
  # shellcheck disable=SC2086 # empty for root
  $sudo env ${BIOPSY_HOME:+BIOPSY_HOME="$BIOPSY_HOME"} .venv/bin/biopsy doctor --install
fi
