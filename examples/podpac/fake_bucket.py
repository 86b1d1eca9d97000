"""A fake of S3 for tests."""

import io


class Bucket:
    """A fake of S3 with one bucket, which answers 403 for a missing object."""

    def __init__(self, **objects):
        self.objects = {key: (body, {}) for key, body in objects.items()}
        self.puts = 0

    def get_object(self, Bucket, Key):
        if Key not in self.objects:
            error = OSError("Forbidden")
            error.response = {"ResponseMetadata": {"HTTPStatusCode": 403}}
            raise error
        body, metadata = self.objects[Key]
        return {"Body": io.BytesIO(body), "ContentLength": len(body), "ETag": str(hash(body)), "Metadata": metadata}

    head_object = get_object

    def put_object(self, Bucket, Key, Body, ContentType="", Metadata={}):
        self.puts += 1
        self.objects[Key] = (Body, Metadata)
