#!/usr/bin/env bash
# Shows the main job with real input: build an action, upload it, apply a workflow, start it by
# HTTP, read its result; then kill the server in the middle of a run and let the run finish.
#
# usage: run.sh PATH-OF-ATTUNE
set -euo pipefail

attune=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
export XDG_CONFIG_HOME=$work/config XDG_CACHE_HOME=$work/cache
server=

stop() {
  if [ -n "$server" ]; then kill "$server" 2> /dev/null || true; wait "$server" 2> /dev/null || true; fi
  rm -rf "$work"
}
trap stop EXIT

began=$(date +%s%N)
step() {
  now=$(date +%s%N)
  printf '\n\033[1m== %s\033[0m  (%d.%03d s since the start)\n' "$1" \
    $(((now - began) / 1000000000)) $(((now - began) / 1000000 % 1000))
}

serve() {
  "$attune" serve --listen "${1:-127.0.0.1:0}" --data "$work/data" > "$work/address" 2> "$work/server.log" &
  server=$!
  for _ in $(seq 300); do
    address=$(sed -n 's/^listening on //p' "$work/address")
    [ -n "$address" ] && break
    kill -0 "$server" 2> /dev/null || { cat "$work/server.log" >&2; exit 1; }
    sleep 0.1
  done
  [ -n "$address" ] || { echo "the server did not start" >&2; cat "$work/server.log" >&2; exit 1; }
  export ATTUNE_SERVER=$address
  ATTUNE_TOKEN=$(cat "$work/data/admin.token")
  export ATTUNE_TOKEN
}

step "start a server on a free port"
serve
echo "$address"

step "build the action demo.assess"
target=${CARGO_TARGET_DIR:-$HOME/.cache/attune/target}/demo-guest
rustc=$("$here/../../.ci/wasm-targets")
if [ -z "$rustc" ] && cargo component --version > /dev/null 2>&1; then
  (cd "$here/assess" && CARGO_TARGET_DIR=$target cargo component build --release --target wasm32-wasip1 --quiet)
  component=$target/wasm32-wasip1/release/assess.wasm
else
  # shellcheck disable=SC2086 # nothing, or one word
  (cd "$here/assess" && CARGO_TARGET_DIR=$target cargo $rustc build --release --target wasm32-wasip2 --quiet)
  component=$target/wasm32-wasip2/release/assess.wasm
fi
ls -l "$component" | awk '{print $5 " bytes"}'

step "upload it"
"$attune" action push "$component" --as demo.assess

step "apply the workflow"
"$attune" workflow apply "$here/workflows"

step "start it by HTTP POST with a pull request"
{ printf '{"parameters": {"event": '; cat "$here/payload/pull_request.labeled.json"; printf '}}'; } > "$work/body.json"
"$attune" api POST '/workflows/demo.triage/execute?wait=30s' --input "$work/body.json" > "$work/run.json"
run=$(sed -n 's/^    "id": \([0-9]*\),*$/\1/p' "$work/run.json" | head -1)
"$attune" run tasks "$run"

step "its result and what it used"
"$attune" run show "$run" --output json | sed -n '/^  "output": {/,/^  }/p; /^  "usage": {/,/^  }/p'
"$attune" run show "$run" --output json | grep -q '"status": "completed"'

step "start a slower run and kill the server (-9) in its middle"
run=$("$attune" run start demo.patient 'pause:=2')
sleep 3
"$attune" run tasks "$run"
kill -9 "$server"
wait "$server" 2> /dev/null || true
server=
echo "killed"

step "start the server again: the run goes on"
serve
"$attune" run watch "$run"
"$attune" run tasks "$run"

step "done"
