"""Prints what PODPAC's unmodified client finds by its settings, as a JSON object.

The settings are settings.json in the working directory, or the lines of Python in the file
that the argument names.
"""

import contextlib
import io
import json
import pathlib
import sys

import podpac

if sys.argv[1:]:
    exec(pathlib.Path(sys.argv[1]).read_text())

client = podpac.managers.aws.Lambda(source=podpac.algorithm.Arange())
valid = client.validate()
with contextlib.redirect_stdout(io.StringIO()) as description:
    client.describe()
print(json.dumps({
    "valid": valid,
    "function": client.function_name,
    "role_of_function": client._function["Configuration"]["Role"],
    "role": client._function_role_arn,
    "bucket": client.function_s3_bucket,
    "input": client.function_s3_input,
    "output": client.function_s3_output,
    "description": description.getvalue(),
}))
