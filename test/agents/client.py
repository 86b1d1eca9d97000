"""Uses a server of the Model Context Protocol by the official Python SDK.

Reads a JSON object from standard input: {"url", "headers"} or {"command", "args", "env"}
of the server, "mode" of the client, and "calls", a list of [tool, arguments]. Prints the
protocol's version, the tools, and a result for each call, as JSON.
"""

import asyncio
import json
import sys

import httpx2
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client


def transport(spec):
    if "url" in spec:
        http = httpx2.AsyncClient(headers=spec["headers"], timeout=60, trust_env=False)
        return streamable_http_client(spec["url"], http_client=http)
    return stdio_client(StdioServerParameters(command=spec["command"], args=spec["args"], env=spec["env"]))


async def main():
    spec = json.load(sys.stdin)
    async with Client(transport(spec), mode=spec["mode"]) as client:
        listed = await client.list_tools()
        results = []
        for tool, arguments in spec["calls"]:
            result = await client.call_tool(tool, arguments)
            results.append({
                "is_error": bool(result.is_error),
                "structured": result.structured_content,
                "text": "".join(part.text for part in result.content),
            })
        json.dump({
            "version": client.protocol_version,
            "tools": {tool.name: tool.annotations.read_only_hint for tool in listed.tools},
            "results": results,
        }, sys.stdout)


asyncio.run(main())
