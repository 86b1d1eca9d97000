#!/bin/sh
# Puts Chromium without a window below the directory $1: Debian's package, and the
# packages that it needs and this machine lacks. Nothing is installed, so it
# needs no root. An installed Chromium or Chrome is used as it is.
set -eu
target=$1

if [ -n "${CHROMIUM:-}" ]; then
	exit
fi
for name in chromium chromium-browser google-chrome google-chrome-stable chromium-headless-shell; do
	if command -v "$name" >/dev/null; then
		exit
	fi
done
if [ -x "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" ]; then
	exit
fi
if ! command -v apt-get >/dev/null || ! command -v dpkg-deb >/dev/null; then
	echo "The tests need Chromium or Chrome. This machine has no apt-get to fetch it with:" >&2
	echo "install it (macOS: brew install --cask google-chrome; Fedora: dnf install chromium) and try again." >&2
	exit 1
fi

sh "$(dirname "$0")/../../internal/tools/debian.sh" "$target" apt-chromium chromium-headless-shell

cat >"$target/fonts.conf" <<XML
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>/usr/share/fonts</dir>
  <dir>$target/usr/share/fonts</dir>
  <include ignore_missing="yes">/etc/fonts/conf.d</include>
  <include ignore_missing="yes">$target/usr/share/fontconfig/conf.avail</include>
  <cachedir>$target/fonts-cache</cachedir>
</fontconfig>
XML
