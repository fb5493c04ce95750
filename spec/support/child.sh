#!/bin/sh
# usage: child.sh FOLDER COMMAND...   (see spec/support/proc.lua)
# Runs COMMAND until it ends or until this script's standard input does, which happens at the latest when the test
# process dies: no child outlives its test. Leaves out, err, pid and status in FOLDER.
dir=$1; shift
exec 3<&0
"$@" >"$dir/out" 2>"$dir/err" </dev/null 3<&- &
pid=$!
echo "$pid" >"$dir/pid.new" && mv "$dir/pid.new" "$dir/pid"
{
    cat >/dev/null
    kill -TERM "$pid" 2>/dev/null
    tries=0
    while kill -0 "$pid" 2>/dev/null; do
        tries=$((tries + 1))
        [ "$tries" -lt 100 ] || kill -KILL "$pid" 2>/dev/null
        sleep 0.02
    done
} <&3 >/dev/null 2>&1 &
watcher=$!
exec 3<&-
exec 2>/dev/null            # the shell would report the end of a child that is stopped
wait "$pid"
code=$?
echo "$code" >"$dir/status.new" && mv "$dir/status.new" "$dir/status"
kill "$watcher" 2>/dev/null
exit "$code"
