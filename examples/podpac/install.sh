#!/bin/sh
# Installs the packages of requirements.txt in the directory $1, for tests and for the
# Python of local AWS. With examples/podpac/function as a function's package, its
# dependencies are podpac_deps.zip. The folder packages has the same, for PYTHONPATH.
# Where podpac does not run, the file unavailable has the reason instead.
#
# The packages are fetched from PyPI (200 MB) once, and later come from uv's cache.
set -eu
target=$1
python=.venv/bin/python
version=$($python -c 'import sys; print("%d.%d" % sys.version_info[:2])')

rm -rf "$target"
mkdir -p "$target"
unavailable() {
	echo "$1" >"$target/unavailable"
	echo "podpac: $1: its tests are skipped" >&2
	exit
}
case $(uname -s)-$(uname -m) in
Linux-x86_64) ;;
*) unavailable "podpac 4 needs numcodecs 0.15, which has wheels for Linux on x86_64 only, not for $(uname -s) on $(uname -m)" ;;
esac
case $version in
3.11 | 3.12 | 3.13) ;;
*) unavailable "podpac 4 runs with Python 3.11 to 3.13, and python3 is $version" ;;
esac

# pack writes a lock file beside the requirements, if it has none for this Python.
cp examples/podpac/requirements* "$target"
go build -o "$target/defog" ./cmd/defog
pack() {
	"$target/defog" pack --lean --requirements "$target/requirements.txt" --handler examples/podpac/function \
		--keep runtime-sdk --python "$version" --arch x86_64 --interpreter $python --name podpac --dist-dir "$target"
}
UV_OFFLINE=1 pack >/dev/null 2>&1 || pack
$python -m zipfile -e "$target/podpac_deps.zip" "$target/packages"
rm "$target/defog" "$target/podpac_dist.zip"
