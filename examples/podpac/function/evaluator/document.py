"""The answers to API requests."""

import base64


class Document:
    """An answer: a status, a body with its type, and more headers."""

    def __init__(self, content_type, body, headers=None, status=200):
        self.content_type, self.body = content_type, body
        self.headers, self.status = headers or {}, status
        self.is_text = content_type == "application/json"

    def response(self):
        """Return the answer in API Gateway's format."""
        return {
            "statusCode": self.status,
            "headers": {"Content-Type": self.content_type, **self.headers},
            "isBase64Encoded": not self.is_text,
            "body": self.body.decode() if self.is_text else base64.b64encode(self.body).decode(),
        }
