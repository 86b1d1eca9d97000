#!/usr/bin/env bash
# Says in one line what the deployment of a stack would change, for the person
# who is asked to approve it. The whole report goes to standard error, which is
# the build's log:
#
#	pipeline/review.sh DEFOG ASSEMBLY STACK
#
# DEFOG is the operator's program. It runs in the checkout, whose packages it
# needs (npm ci).
set -euo pipefail
if [ $# != 3 ]; then
	echo "usage: pipeline/review.sh DEFOG ASSEMBLY STACK" >&2
	exit 2
fi
defog=$(realpath "$1") assembly=$(realpath "$2") stack=$3
cd "$(dirname "$0")/.."
report=$(mktemp)
trap 'rm -f "$report"' EXIT

code=0
"$defog" review --app "$assembly" --stack "$stack" --output "$report" >&2 || code=$?
case $code in
0 | 2 | 3) cat "$report" >&2 ;;
*) exit "$code" ;;
esac

# The headline of each region, and what touches security or loses data: that is
# all that the tables hold before <details>. An approval shows 1000 characters.
awk '
	/^### /       { rest = 0; sub(/^### /, ""); said = said (said ? "; " : "") $0; next }
	/^<details>/  { rest = 1 }
	/^\|/ && !rest && !/^\| what / && !/^\|---/ {
		split($0, cell, " [|] "); sub(/^[|] /, "", cell[1]); said = said "; " cell[1] ": " cell[2]
	}
	END { gsub(/`/, "", said); if (length(said) > 800) said = substr(said, 1, 800) "..."; print said }
' "$report"
