"""Runs statements as Defog's app did, and prints their rows as it wrote them,
but for decimals: those have all their digits, where it said 0E-20.

Reads lines of JSON, [database, statement], and writes one line for each:
{"columns": [...], "data": [[...], ...]} or {"error": "..."}. The argument is
the server's address, with everything but the database.
"""

import json
import sys
from decimal import Decimal

import psycopg2


def run(database, statement):
    with psycopg2.connect(sys.argv[1], dbname=database) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return {"columns": [column[0] for column in cursor.description], "data": cursor.fetchall()}


def text(value):
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


for line in sys.stdin:
    try:
        answer = run(*json.loads(line))
    except psycopg2.Error as error:
        answer = {"error": str(error)}
    print(json.dumps(answer, default=text), flush=True)
