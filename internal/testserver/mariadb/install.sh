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

exec sh "$(dirname "$0")/../../tools/debian.sh" "$target" apt mariadb-server-core
