"""PODPAC's way with its dependencies, in a handler that imports the
modules of its event."""

import importlib
import os
import subprocess
import sys
import time
import urllib.request

import boto3

tmp = os.environ["TMPDIR"]
key = os.environ["FUNCTION_DEPENDENCIES_KEY"]


def prepare():
    began = time.monotonic()
    if os.environ.get("BENCH_ONE_REQUEST"):
        urllib.request.urlretrieve(os.environ["AWS_ENDPOINT_URL"] + "/bench/" + key, tmp + "/" + key)
    else:
        s3 = boto3.client("s3")
        s3.download_file(os.environ["S3_BUCKET_NAME"], key, tmp + "/" + key)
    subprocess.check_call(["unzip", "-q", "-o", tmp + "/" + key, "-d", tmp])
    os.remove(tmp + "/" + key)
    print("ready", time.monotonic() - began)


def handler(event, context):
    sys.path.append(tmp)
    if not os.path.exists(tmp + "/scipy"):
        prepare()
    for name in event:
        importlib.import_module(name)
    return len(sys.modules)
