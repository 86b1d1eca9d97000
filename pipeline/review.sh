#!/usr/bin/env bash
# Prints one line with the changes of a stack's deployment, for its approval. The
# whole report goes to standard error, which is the build's log:
#
#	pipeline/review.sh DEFOG ASSEMBLY STACK
#
# DEFOG is the path of the defog program. The script runs in the checkout and needs
# its packages (npm ci).
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

# Print the headline of each region, and the changes of security and those that lose
# data: the tables before <details>. An approval shows 1000 characters.
awk '
	/^### /       { rest = 0; sub(/^### /, ""); said = said (said ? "; " : "") $0; next }
	/^<details>/  { rest = 1 }
	/^\|/ && !rest && !/^\| what / && !/^\|---/ {
		split($0, cell, " [|] "); sub(/^[|] /, "", cell[1]); said = said "; " cell[1] ": " cell[2]
	}
	END { gsub(/`/, "", said); if (length(said) > 800) said = substr(said, 1, 800) "..."; print said }
' "$report"
