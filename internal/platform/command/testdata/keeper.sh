#!/bin/sh
# A small service manager: keeper.sh FOLDER start ID PROGRAM [ARG...], stop ID GRACE, list.
set -eu
home=$1 verb=$2
shift 2

alive() { [ -s "$1/pid" ] && [ ! -e "$1/exit" ] && kill -0 "$(cat "$1/pid")" 2>/dev/null; }

case $verb in
start)
  d=$home/$1
  shift
  mkdir -p "$d"
  if alive "$d"; then exit 0; fi
  rm -f "$d/exit" "$d/pid"
  : >"$d/log"
  (
    "$@" >>"$d/log" 2>&1 &
    pid=$!
    echo $pid >"$d/pid.new"
    mv "$d/pid.new" "$d/pid"
    status=0
    wait $pid || status=$?
    echo "exit status $status" >"$d/exit.new"
    mv "$d/exit.new" "$d/exit"
  ) </dev/null >/dev/null 2>&1 &
  while [ ! -s "$d/pid" ]; do sleep 0.01; done
  ;;
stop)
  d=$home/$1
  [ -d "$d" ] || exit 0
  if alive "$d"; then
    pid=$(cat "$d/pid")
    kill -TERM "$pid" 2>/dev/null || true
    end=$(awk -v now="$(date +%s.%N)" -v grace="$2" 'BEGIN { printf "%.3f", now + grace }')
    while alive "$d" && awk -v now="$(date +%s.%N)" -v end="$end" 'BEGIN { exit !(now < end) }'; do sleep 0.02; done
    kill -KILL "$pid" 2>/dev/null || true
    while [ ! -e "$d/exit" ]; do sleep 0.01; done
  fi
  rm -rf "$d"
  ;;
list)
  for d in "$home"/*/; do
    [ -s "$d/pid" ] || continue
    id=$(basename "$d")
    if alive "$d"; then
      printf '{"id":"%s"}\n' "$id"
    else
      # It has ended; how is written down in a moment.
      n=0
      while [ ! -e "$d/exit" ] && [ $n -lt 500 ]; do sleep 0.01 && n=$((n + 1)); done
      printf '{"id":"%s","alive":false,"detail":"%s; %s"}\n' "$id" "$(cat "$d/exit" 2>/dev/null || echo gone)" "$(tail -n 1 "$d/log" | tr -d '"\\')"
    fi
  done
  ;;
esac
