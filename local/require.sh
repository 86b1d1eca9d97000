#!/bin/sh
# Checks Go, Node and Python before the first minutes of work. It prints each
# missing or too old program with the version that is required, and exits with 1.
cd "$(dirname "$0")/.." || exit 1
failed=0
fail() {
	printf '%s: %s; want %s\n' "$1" "$2" "$3" >&2
	failed=1
}
# newer VERSION MAJOR MINOR reports whether a version is at least MAJOR.MINOR.
newer() {
	major=${1%%.*} rest=${1#*.}
	minor=${rest%%[!0-9]*}
	[ "$major" -gt "$2" ] || { [ "$major" -eq "$2" ] && [ "${minor:-0}" -ge "$3" ]; }
}

want=$(sed -n 's/^go //p' go.mod)
if ! command -v go >/dev/null; then
	fail go "not found" "Go $want or later, from https://go.dev/dl/"
else
	# Outside of the module, go prints its own version. From 1.21 on, it
	# downloads the one that go.mod names.
	have=$(cd / && go version | sed -n 's/^go version go\([0-9][0-9.]*\).*/\1/p')
	if ! newer "${have:-0.0}" 1 21; then
		fail go "version ${have:-unknown} is too old" "Go $want or later, from https://go.dev/dl/"
	elif ! problem=$(go version 2>&1); then
		fail go "$problem" "Go $want or later, from https://go.dev/dl/"
	fi
fi

if ! command -v node >/dev/null; then
	fail node "not found" "Node 20 or later, from https://nodejs.org/"
else
	have=$(node --version | sed 's/^v//')
	newer "${have:-0.0}" 20 0 || fail node "version ${have:-unknown} is too old" "Node 20 or later, from https://nodejs.org/"
fi
command -v npm >/dev/null || fail npm "not found" "npm, which comes with Node from https://nodejs.org/"

if ! command -v python3 >/dev/null; then
	fail python3 "not found" "Python 3.10 or later"
else
	have=$(python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')
	if ! newer "${have:-0.0}" 3 10; then
		fail python3 "version ${have:-unknown} is too old" "Python 3.10 or later"
	elif ! python3 -c 'import ensurepip, venv' >/dev/null 2>&1; then
		fail python3 "version $have has no venv" "its module venv: sudo apt-get install python3-venv on Debian and Ubuntu"
	fi
fi
exit $failed
