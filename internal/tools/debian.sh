#!/bin/sh
# Puts the Debian package $3, and the packages that it needs and this machine lacks,
# below the directory $1. Nothing is installed, so it needs no root. The cache $2
# keeps what was fetched for other checkouts, and for this one without a network.
set -eu
target=$1
cache=${XDG_CACHE_HOME:-$HOME/.cache}/defog-cdk/$2
package=$3

rm -rf "$target"
mkdir -p "$target" "$cache/archives/partial" "$cache/lists/partial"
apt() {
	apt-get -qq -o Debug::NoLocking=1 -o APT::Sandbox::User="$(id -un)" -o Dir::Cache="$cache" "$@"
}
download() {
	apt "$@" install -y --download-only --no-install-recommends "$package"
}
# The package lists of this machine can be missing or too old, and only root may
# update them.
log=$target/log
lists=Dir::State::lists=$cache/lists
if ! { download || download -o "$lists"; } >"$log" 2>&1 && ! { apt -o "$lists" update && download -o "$lists"; } >>"$log" 2>&1; then
	cat "$log" >&2
	exit 1
fi
for archive in "$cache"/archives/*.deb; do
	dpkg-deb -x "$archive" "$target"
done
