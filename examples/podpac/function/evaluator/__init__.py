"""Evaluation of PODPAC pipelines for Lambda. It prepares the environment, and imports podpac."""

import json
import logging
import os
import tempfile

# A function can write only below the temporary directory, and both libraries look
# for their folders at import.
os.environ.setdefault("MPLCONFIGDIR", os.path.join(tempfile.gettempdir(), "matplotlib"))
os.environ.setdefault("XDG_CONFIG_HOME", os.path.join(tempfile.gettempdir(), "config"))
os.environ.setdefault("XDG_CACHE_HOME", os.path.join(tempfile.gettempdir(), "cache"))
if not os.environ.get("PODPAC_UNSAFE_EVAL"):
    os.environ.pop("PODPAC_UNSAFE_EVAL", None)  # podpac accepts an empty value

# An import at start is part of SnapStart's snapshot, and has the whole processor.
import podpac  # noqa: E402

for _name in ("matplotlib", "numexpr", "podpac"):
    logging.getLogger(_name).setLevel(logging.ERROR)
if os.environ.get("PODPAC_VERSION", podpac.__version__) != podpac.__version__:
    print(json.dumps({"level": "WARN", "message": "podpac differs from PODPAC_VERSION", "podpac": podpac.__version__}))
