#!/bin/sh
# Puts MariaDB's server below the directory $1: Debian's package and whatever
# else of Debian's it needs and this machine lacks. Nothing is installed, so it
# needs no root, and the files work from where they are. A server that is
# installed is good enough.
set -eu
PATH=$PATH:/usr/local/sbin:/usr/sbin
target=$1

if command -v mariadbd >/dev/null; then
	exit
fi
if ! command -v apt-get >/dev/null || ! command -v dpkg-deb >/dev/null; then
	echo "The tests need MariaDB's server. This machine has no apt-get to fetch it with:" >&2
	echo "install it (macOS: brew install mariadb; Fedora: dnf install mariadb-server) and try again." >&2
	exit 1
fi

# What was fetched once is kept for other checkouts, and for when there is no
# network.
cache=${XDG_CACHE_HOME:-$HOME/.cache}/defog-cdk/apt
rm -rf "$target"
mkdir -p "$target" "$cache/archives/partial" "$cache/lists/partial"
apt() {
	apt-get -qq -o Debug::NoLocking=1 -o APT::Sandbox::User="$(id -un)" -o Dir::Cache="$cache" "$@"
}
download() {
	apt "$@" install -y --download-only --no-install-recommends mariadb-server-core
}
# This machine's package lists can be missing or out of date, and only root
# may renew them.
log=$target/log
lists=Dir::State::lists=$cache/lists
if ! { download || download -o "$lists"; } >"$log" 2>&1 && ! { apt -o "$lists" update && download -o "$lists"; } >>"$log" 2>&1; then
	cat "$log" >&2
	exit 1
fi
for package in "$cache"/archives/*.deb; do
	dpkg-deb -x "$package" "$target"
done
