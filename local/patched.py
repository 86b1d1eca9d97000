"""MiniStack with the patches in local/patches, as an ASGI application.

Each patch is a unified diff of MiniStack's modules. The lines above the diff give its
reason, and patches_test.go fails when a newer MiniStack no longer needs it. The modules are
patched when Python imports them: the installed files stay as they are.

The environment variable WITHOUT_PATCH names a patch to leave out, for the tests.
"""

import os
import sys
from importlib.machinery import PathFinder, SourceFileLoader
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

PATCHES = Path(__file__).parent / "patches"


class PatchError(Exception):
    pass


def hunks(diff):
    """Yields the path, the old lines and the new lines of each hunk of a unified diff.
    The line numbers are not read."""
    path, old, new = None, None, None
    for line in diff.splitlines(keepends=True):
        if line.startswith("+++ "):
            path = line.removeprefix("+++ b/").strip()
        elif line.startswith(("--- ", "@@ ")):
            if old:
                yield path, "".join(old), "".join(new)
            old, new = ([], []) if line.startswith("@@ ") else (None, None)
        elif old is not None:
            if line[0] != "+":
                old.append(line[1:] or "\n")
            if line[0] != "-":
                new.append(line[1:] or "\n")
    if old:
        yield path, "".join(old), "".join(new)


def patched_sources(left_out):
    """Returns the patched source of each module that a patch changes, by its path."""
    root = Path(find_spec("ministack").origin).parent.parent
    sources = {}
    for patch in sorted(PATCHES.glob("*.patch")):
        if patch.stem == left_out:
            continue
        for path, old, new in hunks(patch.read_text(encoding="utf-8")):
            file = str(root / path)
            source = sources.get(file) or Path(file).read_text(encoding="utf-8")
            if source.count(old) != 1:
                raise PatchError(
                    f"local/patches/{patch.name}: these lines occur {source.count(old)} times in {path} of "
                    f"MiniStack {version('ministack')}; want once:\n{old}")
            sources[file] = source.replace(old, new)
    return sources


class Loader(SourceFileLoader):
    def __init__(self, name, path, source):
        super().__init__(name, path)
        self.source = source

    def get_code(self, fullname):
        return self.source_to_code(self.source.encode("utf-8"), self.path)


class Finder:
    def __init__(self, sources):
        self.sources = sources

    def find_spec(self, name, path, target=None):
        if not name.startswith("ministack."):
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec and spec.origin in self.sources:
            spec.loader = Loader(name, spec.origin, self.sources[spec.origin])
        return spec


sys.meta_path.insert(0, Finder(patched_sources(os.environ.get("WITHOUT_PATCH"))))

from ministack.app import app  # noqa: E402  after the patches
