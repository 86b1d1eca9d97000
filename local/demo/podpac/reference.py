"""What podpac itself makes of a WCS or WMS query: reads the query as a JSON object,
writes the PNG."""

import json
import sys

import podpac

query = json.load(sys.stdin)
output = podpac.Node.from_url(query).eval(podpac.Coordinates.from_url(query))
sys.stdout.buffer.write(output.to_format("png").read())
