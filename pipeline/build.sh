#!/usr/bin/env bash
# Builds the project in the pipeline. CodeBuild runs it, and so can you:
#
#	pipeline/build.sh [-s "step …"] [-c setting=value …]
#
# The steps, in order:
#
# - setup installs the tools.
# - lint runs the linters.
# - test runs the tests.
# - synth writes the cloud assembly to cdk.out.
# - programs builds defog for this processor in .build/bin, for later steps.
#
# -s selects steps. No step needs credentials.
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

# The pipeline keeps this cache in S3, so that the next build fetches and compiles
# less. Variables of the environment take precedence.
cache=$PWD/.build/cache
export XDG_CACHE_HOME=${XDG_CACHE_HOME:-$cache} # Go's builds, pip and golangci-lint
export GOMODCACHE=${GOMODCACHE:-$cache/go-mod}
export npm_config_cache=${npm_config_cache:-$cache/npm}
export JSII_RUNTIME_PACKAGE_CACHE_ROOT=${JSII_RUNTIME_PACKAGE_CACHE_ROOT:-$cache/jsii}

# Go 1.21 and later fetch the version of go.mod, and check it against Go's checksum
# database. package-lock.json pins Node.
GOTOOLCHAIN=go$(sed -n 's/^go //p' go.mod)
export GOTOOLCHAIN

step_setup() {
	# Amazon Linux and Fedora install MariaDB's server, which tests need, here.
	PATH=$PATH:/usr/libexec
	if ! command -v mariadbd >/dev/null && command -v dnf >/dev/null && [ "$(id -u)" = 0 ]; then
		dnf install --quiet --assumeyes mariadb1011-server || dnf install --quiet --assumeyes mariadb105-server
	fi
	make setup
	# The first run of the CDK extracts a gigabyte into its cache. It completes the
	# cache only with validation, which the tests switch off.
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
