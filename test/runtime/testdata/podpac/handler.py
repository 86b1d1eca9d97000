"""A handler that answers like the last one that PODPAC published: what to_format
returns is the answer."""

import json


def handler(event, context):
    from podpac import Coordinates, Node

    node = Node.from_definition(event["pipeline"])
    output = node.eval(Coordinates.from_json(json.dumps(event["coordinates"])))
    body = output.to_format(event["output"]["format"])
    return body
