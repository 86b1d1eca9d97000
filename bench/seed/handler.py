"""The seed's flow in Python, with the packages that its app had: credentials
from the environment, SQL from the generator, rows by psycopg2 and pandas."""

import base64
import json
import os

import pandas
import psycopg2
import requests

creds = json.loads(base64.b64decode(os.environ["DEFOG_CREDS_64"]))


def handler(event, context):
    reply = requests.post(
        creds["base_url"] + "/generate_query_chat",
        json={"question": event["question"], "api_key": creds["api_key"], "db_type": creds["db_type"]},
        timeout=30,
    ).json()
    with psycopg2.connect(**creds["db_creds"]) as connection, connection.cursor() as cursor:
        cursor.execute(reply["sql"])
        columns = [column[0] for column in cursor.description]
        frame = pandas.DataFrame(cursor.fetchall(), columns=columns)
    connection.close()
    rows = json.loads(json.dumps(frame.values.tolist(), default=str))
    return {"columns": columns, "data": rows, "query_generated": reply["sql"], "ran_successfully": True}
