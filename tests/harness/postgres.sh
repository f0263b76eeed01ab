#!/usr/bin/env bash
# A throw-away PostgreSQL on a private port: prints its URL once it answers, and is gone when stdin closes.
# Exit code 69: PostgreSQL is not installed. Needs initdb and pg_ctl, on the PATH or where Debian hides them.
set -euo pipefail

bin=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
[[ -x $bin/initdb ]] || bin=$(dirname "$(command -v initdb)") || exit 69

folder=$(mktemp -d "${TMPDIR:-/tmp}/couplet-postgres.XXXXXX")
data=$folder/data
as=()
stop() {
  trap - EXIT
  [[ ! -f $data/postmaster.pid ]] || "${as[@]}" "$bin/pg_ctl" stop -D "$data" -m immediate >/dev/null || true
  rm -rf "$folder"
}
trap stop EXIT
trap 'exit 130' HUP INT TERM

password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
echo "$password" >"$folder/password"
if ((EUID == 0)); then # PostgreSQL refuses to run as root
  as=(runuser -u postgres --)
  chown -R postgres "$folder"
fi
cd "$folder"

fail() {
  echo "PostgreSQL does not start:" >&2
  tail -n 20 "$folder/log" >&2
  exit 1
}
"${as[@]}" "$bin/initdb" -D "$data" -U postgres -A password --pwfile=password -E UTF8 --locale=C.UTF-8 --no-sync \
  >"$folder/log" 2>&1 || fail

settings="-c listen_addresses=127.0.0.1 -c unix_socket_directories=$folder -c max_connections=300
  -c fsync=off -c full_page_writes=off"
for _ in {1..20}; do # a port that is taken ends the server at once; take another
  port=$((20000 + RANDOM % 12000))
  if "${as[@]}" "$bin/pg_ctl" start -w -t 60 -D "$data" -l "$folder/log" -o "-p $port $settings" >/dev/null 2>&1; then
    echo "postgres://postgres:$password@127.0.0.1:$port/postgres"
    while read -r _; do :; done
    exit 0
  fi
  grep -q 'Address already in use' "$folder/log" || fail
done
fail
