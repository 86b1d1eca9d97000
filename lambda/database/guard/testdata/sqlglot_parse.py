"""Parses pairs of statements by sqlglot.

Reads a JSON list of {"dialect", "original", "spelled"} from standard input, and
writes a JSON list of {"original", "spelled", "functions", "tables"}: both syntax
trees without comments, null where sqlglot cannot parse one, the functions that the
second one calls by names that sqlglot does not have, and its tables, null where
sqlglot does not find their scopes.
"""

import json
import sys

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.scope import traverse_scope


def parse(sql, dialect):
    try:
        trees = sqlglot.parse(sql, read=dialect)
    except SqlglotError:
        return None
    trees = [tree for tree in trees if tree is not None and not isinstance(tree, exp.Semicolon)]
    if len(trees) != 1:
        return None
    tree = trees[0].transform(lambda node: exp.Literal.string(node.name) if isinstance(node, exp.RawString) else node)
    for node in tree.walk():
        node.comments = None
        if dialect == "tsql" and isinstance(node, exp.Identifier):
            node.set("quoted", False)  # a name is the same in brackets
    return tree


def tables(tree):
    if not isinstance(tree, exp.Query):
        return None
    try:
        scopes = traverse_scope(tree)
    except (SqlglotError, AttributeError):
        return None
    found = {}
    for scope in scopes:
        queries = {name.lower() for name, source in scope.sources.items() if not isinstance(source, exp.Table)}
        for table in scope.tables:
            if not isinstance(table.this, exp.Identifier):
                continue  # a function
            if len(table.parts) > 1 or table.name.lower() not in queries | set(map(str.lower, scope.cte_sources)):
                found[".".join(part.name for part in table.parts).lower()] = True
    return sorted(found)


def answer(pair):
    dialect = pair["dialect"]
    original, spelled = parse(pair["original"], dialect), parse(pair["spelled"], dialect)
    return {
        "original": original and repr(original),
        "spelled": spelled and repr(spelled),
        "tables": None if spelled is None else tables(spelled),
        "functions": [] if spelled is None else [call.name.lower() for call in spelled.find_all(exp.Anonymous)],
    }


json.dump([answer(pair) for pair in json.load(sys.stdin)], sys.stdout)
