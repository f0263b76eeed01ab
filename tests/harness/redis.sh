#!/usr/bin/env bash
# Runs redis-server with the arguments of this script: prints its process id, ends with it, and kills it when stdin closes.
# Exit code 69: Redis is not installed.
set -euo pipefail
command -v redis-server >/dev/null || exit 69

redis-server "$@" </dev/null >/dev/null 2>&1 &
id=$!
echo "$id"
exec 3<&0 >/dev/null
{
  while read -r _ <&3; do :; done
  kill -KILL "$id"
} &
guard=$!
wait "$id" 2>/dev/null || true
kill "$guard" 2>/dev/null || true
