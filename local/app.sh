#!/bin/sh
# Runs the CDK app, as `go run -trimpath .` does. That command needs more than half a
# second to find that nothing has changed. This script needs 0.02 s. It runs the last
# program again, unless a source file or folder has changed since the last compile
# started. It compares change times (`ctime`), which no program can set.
# While it compiles, it prints every 5 s for how long.

sources="go.mod go.sum cdk.out.gitignore config internal stacks"
last=.build/app # contains the program's path and inputs, and is as old as the start of its compile
inputs=$(echo *.go $GOFLAGS)
began=

unchanged() {
	[ -f $last ] && { read -r program && read -r used; } <$last && [ -x "$program" ] && [ "$used" = "$inputs" ] || return
	# After the clock was set back, a change can seem older than the compile.
	changed=$(find $last -newermt now 2>&1 && find -L $sources *.go -cnewer $last 2>&1) && [ -z "$changed" ]
}

# elsewhere reports whether Go reads sources from other folders, too.
elsewhere() {
	[ ! -d vendor ] && ! grep -q "=> *[./]" go.mod || return 0
	folder=$PWD
	until [ -f "$folder/go.work" ]; do
		[ -n "$folder" ] || return
		folder=${folder%/*}
	done
}

# Another version of Node can lack these flags.
if [ -z "$JSII_NODE" ] && [ "$(command -v node)" -ef node_modules/.bin/node ] && [ -x local/node.sh ]; then
	export JSII_NODE="$PWD/local/node.sh"
fi

elsewhere || ! unchanged || exec "$program" "$@"

export CGO_ENABLED=0
unset GOOS GOARCH # the app runs here
# Without the redirection, a reader of a pipe would wait for the last sleep.
(seconds=0
while sleep 5 >/dev/null 2>&1 && kill -0 $$ 2>/dev/null; do
	seconds=$((seconds + 5))
	echo "defog-cdk: compiling the CDK app for $seconds s (minutes the first time, seconds after an edit)" >&2
done) &
ticker=$!
trap 'kill $ticker 2>/dev/null; [ -z "$began" ] || rm -f "$began"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
# In a read-only folder, each run compiles, as `go run` does. So that is not an error.
mkdir -p .build 2>/dev/null && began=$(mktemp $last-XXXXXX 2>/dev/null)
# The program is in Go's cache, and stays there until Go has not used it for 5 days.
program=$(GOGC=400 go run -trimpath -exec echo .) || exit
kill $ticker 2>/dev/null
trap - EXIT INT TERM
if [ -x "$program" ] && [ -n "$began" ]; then
	printf '%s\n' "$program" "$inputs" >"$began-done" && touch -r "$began" "$began-done" && mv "$began-done" $last
fi
[ -z "$began" ] || rm -f "$began"
[ -x "$program" ] || exec go run -trimpath . "$@"
exec "$program" "$@"
