#!/bin/bash
# Runs "$3…" and kills it when standard input's neighbour, descriptor 3, is closed or stays silent: for $1 seconds at first, then for $2.
# The worker writes a line there while it surely holds its lease. So the child dies before another worker may act, also when the
# worker is killed or stopped and can kill nothing itself.
first=$1
silence=$2
shift 2
"$@" <&0 3<&- &
child=$!
(
  wait=$first
  while read -r -t "$wait" -u 3 _; do wait=$silence; done
  kill -KILL "$child" 2>/dev/null
) </dev/null >/dev/null 2>&1 &
watcher=$!
# Bash would report the watcher's end on standard error, among what Helm says there.
disown "$watcher"
wait "$child"
code=$?
kill -KILL "$watcher" 2>/dev/null
exit "$code"
