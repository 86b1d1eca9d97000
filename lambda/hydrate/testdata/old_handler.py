"""The part of PODPAC's handler that installs its dependencies, for each kind of
event. {tmp} replaces /tmp."""

import subprocess
import sys

import os

bucket = os.environ.get("S3_BUCKET_NAME")
key = os.environ.get("FUNCTION_DEPENDENCIES_KEY")


class Client:  # replaces boto3's, to report the calls
    def download_file(self, *address):
        raise RuntimeError("download of %s/%s" % address[:2])

    def put_object(self, **address):
        print("puts", address["Key"])


def handler(event, context):
    sys.path.append("{tmp}/")
    if os.path.exists("{tmp}/scipy"):
        print("dependencies are there")
    else:
        s3 = Client()
        s3.download_file(bucket, key, "{tmp}/" + key)
        subprocess.call(["unzip", "{tmp}/" + key, "-d", "{tmp}"])
        sys.path.append("{tmp}/")
        subprocess.call(["rm", "{tmp}/" + key])

    import numpy
    import scipy

    if "Records" in event:
        s3.put_object(Bucket=bucket, Key="output/a.json", Body=scipy.VERSION)
        return None
    if "queryStringParameters" in event:
        return {"statusCode": 200, "body": numpy.VERSION + scipy.VERSION}
    return [numpy.VERSION, scipy.VERSION, scipy.__file__.split("/")[-2]]
