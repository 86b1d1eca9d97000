"""Parses pairs of statements by sqlglot.

Reads a JSON list of {"dialect", "original", "spelled"} from standard input, and
writes a JSON list of {"original", "spelled", "functions"}: both syntax trees
without comments, null where sqlglot cannot parse one, and the functions that the
second one calls by names that sqlglot does not have.
"""

import json
import sys

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError


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


def answer(pair):
    dialect = pair["dialect"]
    original, spelled = parse(pair["original"], dialect), parse(pair["spelled"], dialect)
    return {
        "original": original and repr(original),
        "spelled": spelled and repr(spelled),
        "functions": [] if spelled is None else [call.name.lower() for call in spelled.find_all(exp.Anonymous)],
    }


json.dump([answer(pair) for pair in json.load(sys.stdin)], sys.stdout)
