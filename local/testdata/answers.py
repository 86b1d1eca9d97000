#!/usr/bin/env python3
# The bootstrap of a function that answers the event's "answer", which is base64. The answer
# to an event of S3 is not UTF-8. Each line of the file NOTES is the status by which the
# Runtime API accepts an answer, or the error.
import base64
import json
import os
import urllib.request

api = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation/"
while True:
    with urllib.request.urlopen(api + "next") as invocation:
        request, event = invocation.headers["Lambda-Runtime-Aws-Request-Id"], json.load(invocation)
    answer = base64.b64decode(event["answer"]) if "answer" in event else b"\xff\x00"
    try:
        with urllib.request.urlopen(f"{api}{request}/response", data=answer) as accepted:
            note = str(accepted.status)
    except OSError as error:
        note = str(error)
    with open(os.environ["NOTES"], "a") as notes:
        print(note, file=notes)
