#!/bin/sh
# Runs a command that takes long, and prints every 5 s for how long it has run:
#
#	step.sh TITLE COMMAND [ARGUMENT...]
#
# It prints the command's output only if the command fails.
title=$1
shift
log=$(mktemp) || exit 1
began=$(date +%s)
elapsed() { echo "$(($(date +%s) - began)) s"; }

printf '▸ %s …\n' "$title"
# Without the redirection, a reader of a pipe would wait for the last sleep.
(while sleep 5 >/dev/null 2>&1 && kill -0 $$ 2>/dev/null; do printf '  … %s: %s\n' "$title" "$(elapsed)"; done) &
ticker=$!
trap 'kill $ticker 2>/dev/null; rm -f "$log"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

"$@" >"$log" 2>&1
code=$?
if [ $code -ne 0 ]; then
	printf '✗ %s (%s)\n' "$title" "$(elapsed)"
	cat "$log"
	exit $code
fi
printf '✓ %s (%s)\n' "$title" "$(elapsed)"
