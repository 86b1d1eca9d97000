"""What PODPAC's own handler does about its dependencies, by its kinds of
events. {tmp} is where the original has /tmp."""

import subprocess
import sys

import os

bucket = os.environ.get("S3_BUCKET_NAME")
key = os.environ.get("FUNCTION_DEPENDENCIES_KEY")


class Client:  # in boto3's place, to see what the handler asks for
    def download_file(self, *address):
        raise RuntimeError("downloads %s/%s by itself" % address[:2])

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
