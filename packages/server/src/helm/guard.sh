#!/bin/bash
# Runs "$2…" and kills it when standard input's neighbour, descriptor 3, is closed or stays silent for $1 seconds.
# The worker writes a line there while it surely holds its lease. So the child dies before another worker may act, also when the
# worker is killed or stopped and can kill nothing itself.
silence=$1
shift
"$@" <&0 3<&- &
child=$!
(
  while read -r -t "$silence" -u 3 _; do :; done
  kill -KILL "$child" 2>/dev/null
) </dev/null >/dev/null 2>&1 &
watcher=$!
# Bash would report the watcher's end on standard error, among what Helm says there.
disown "$watcher"
wait "$child"
code=$?
kill -KILL "$watcher" 2>/dev/null
exit "$code"
