#!/usr/bin/env python3
# The bootstrap of a function for the items of a map. It creates the file of the event's
# "started", waits until the file of its "wait" exists, and fails if its "fail" is true.
import json
import os
import pathlib
import time
import urllib.request

api = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation/"
while True:
    with urllib.request.urlopen(api + "next") as invocation:
        request, event = invocation.headers["Lambda-Runtime-Aws-Request-Id"], json.load(invocation)
    if "started" in event:
        pathlib.Path(event["started"]).touch()
    while "wait" in event and not os.path.exists(event["wait"]):
        time.sleep(0.01)
    if event.get("fail"):
        result, answer = "error", {"errorType": "Refused", "errorMessage": "refused"}
    else:
        result, answer = "response", {}
    urllib.request.urlopen(f"{api}{request}/{result}", data=json.dumps(answer).encode()).close()
