"""Local AWS as an ASGI application that records each request: see Record in record.go.

The environment variable RECORD_REQUESTS names the file. Each line is a JSON object with
the method, path, query, headers, body in base64 and status of one request. A body of more
than a mebibyte is null.
"""

import base64
import json
import os

from patched import app as local_aws

LARGEST = 1 << 20

record = open(os.environ["RECORD_REQUESTS"], "a", encoding="utf-8", buffering=1)


async def app(scope, receive, send):
    if scope["type"] != "http":
        await local_aws(scope, receive, send)
        return
    body, size, status = [], 0, None

    async def recording_receive():
        nonlocal size
        message = await receive()
        part = message.get("body", b"")
        size += len(part)
        if size <= LARGEST:
            body.append(part)
        return message

    async def recording_send(message):
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        await send(message)

    try:
        await local_aws(scope, recording_receive, recording_send)
    finally:
        record.write(json.dumps({
            "method": scope["method"],
            "path": (scope.get("raw_path") or scope["path"].encode()).decode("latin-1"),
            "query": scope["query_string"].decode("latin-1"),
            "headers": [[name.decode("latin-1").lower(), value.decode("latin-1")] for name, value in scope["headers"]],
            "body": base64.b64encode(b"".join(body)).decode() if size <= LARGEST else None,
            "status": status,
        }) + "\n")
