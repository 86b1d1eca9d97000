#!/usr/bin/env bash
# What the pipeline's build does; CodeBuild runs it as anybody may:
#
#	pipeline/build.sh [-s "step …"] [-c setting=value …]
#
# The steps, in order: setup (the tools), lint, test, synth (the cloud assembly,
# in cdk.out), programs (defog for this processor, in .build/bin, for the
# pipeline's later steps). -s runs some of them. It needs no credentials.
set -euo pipefail
cd "$(dirname "$0")/.."

steps="setup lint test synth programs"
settings=()
while [ $# -gt 1 ]; do
	case $1 in
	-s) steps=$2 ;;
	-c) settings+=(-c "$2") ;;
	*) break ;;
	esac
	shift 2
done
if [ $# -gt 0 ]; then
	echo "pipeline/build.sh: $1: unknown or without a value; valid: -s \"step …\", -c setting=value" >&2
	exit 2
fi

# What the next build need not fetch or compile again; the pipeline keeps this
# folder in S3. What is set already stays.
cache=$PWD/.build/cache
export XDG_CACHE_HOME=${XDG_CACHE_HOME:-$cache} # Go's builds, pip, golangci-lint
export GOMODCACHE=${GOMODCACHE:-$cache/go-mod}
export npm_config_cache=${npm_config_cache:-$cache/npm}
export JSII_RUNTIME_PACKAGE_CACHE_ROOT=${JSII_RUNTIME_PACKAGE_CACHE_ROOT:-$cache/jsii}

# The Go that go.mod names and no other: any Go since 1.21 fetches it, and checks
# it against Go's checksum database. Node is package-lock.json's.
GOTOOLCHAIN=go$(sed -n 's/^go //p' go.mod)
export GOTOOLCHAIN

step_setup() {
	# Amazon Linux and Fedora keep MariaDB's server, which the tests need, here.
	PATH=$PATH:/usr/libexec
	if ! command -v mariadbd >/dev/null && command -v dnf >/dev/null && [ "$(id -u)" = 0 ]; then
		dnf install --quiet --assumeyes mariadb1011-server || dnf install --quiet --assumeyes mariadb105-server
	fi
	make setup
	# The first run of the CDK unpacks a gigabyte, and completes that only if it
	# validates what it makes, which the tests leave out.
	if [ ! -d "$JSII_RUNTIME_PACKAGE_CACHE_ROOT/aws-cdk-lib" ]; then
		assemble .build/first-assembly
		rm -rf .build/first-assembly
	fi
}

step_lint() { make lint; }

step_test() { make test; }

step_synth() {
	rm -rf cdk.out
	assemble cdk.out
}

step_programs() {
	CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags "-s -w" -o .build/bin/defog ./cmd/defog
}

assemble() { npx cdk synth --quiet --output "$1" ${settings[@]+"${settings[@]}"} </dev/null; }

for step in $steps; do
	case $step in
	setup | lint | test | synth | programs)
		printf '\n== %s\n' "$step"
		"step_$step"
		;;
	*)
		echo "pipeline/build.sh: $step: unknown step; valid: setup, lint, test, synth, programs" >&2
		exit 2
		;;
	esac
done
