# Sourced: starts the example app for a script, in an empty folder and without the caller's settings.
#   example_app [NAME=VALUE..]   sets `app` (its process id), `url`, `folder`; the log is $folder/log
# Whoever sources this calls `stop_example_app` at the end.
folder=$(mktemp -d "${TMPDIR:-/tmp}/couplet-example.XXXXXX")
app='' url=''

stop_example_app() {
  [[ -z $app ]] || { kill "$app" && wait "$app"; } 2>/dev/null || true
  app=''
}

# The program itself, for its commands.
example() {
  local binary
  binary=$(realpath "${CARGO_TARGET_DIR:-target}/debug/example-app")
  (cd "$folder" && exec env -i BIND=127.0.0.1:0 DATABASE_URL=sqlite::memory: "$binary" "$@")
}

example_app() {
  local binary
  cargo build --quiet --workspace --bins
  binary=$(realpath "${CARGO_TARGET_DIR:-target}/debug/example-app")
  (cd "$folder" && exec env -i BIND=127.0.0.1:0 DATABASE_URL=sqlite::memory: "$@" "$binary") >"$folder/log" 2>&1 &
  app=$!
  for _ in {1..1800}; do
    url=$(grep -om1 'http://127.0.0.1:[0-9]*' "$folder/log" || true)
    [[ $url ]] && return
    kill -0 "$app" 2>/dev/null || break
    sleep 0.1
  done
  echo "the example app does not start:" >&2
  cat "$folder/log" >&2
  exit 1
}
