"""Compile Python files into unchecked, hash-based .pyc (PEP 552).

Lines on standard input: the source, the name in the zip and the .pyc to write,
separated by tabs. A line on standard output tells of a file that is no Python of
this version: its name in the zip and why, separated by a tab.

Each file is compiled in a process of its own, forked off this one. What marshal
writes depends on references that are left of what the process did before: of some
3,000 files of real packages, one to four came out otherwise in another order.
"""

import importlib._bootstrap_external as machinery
import importlib.util
import os
import sys
import warnings

NOT_PYTHON = 3


def compile_one(source, name, target):
    with open(source, "rb") as file:
        data = file.read()
    try:
        # What is imported gets its real place in exchange for the name.
        code = compile(data, name, "exec", dont_inherit=True, optimize=0)
    except (SyntaxError, ValueError, RecursionError) as error:
        print(name, " ".join(str(error).split()), sep="\t", flush=True)
        return NOT_PYTHON
    pyc = machinery._code_to_hash_pyc(code, importlib.util.source_hash(data), False)
    with open(target, "wb") as file:
        file.write(pyc)
    return 0


def main():
    warnings.simplefilter("ignore")
    for line in sys.stdin:
        source, name, target = line.rstrip("\n").split("\t")
        child = os.fork()
        if child == 0:
            code = 1
            try:
                code = compile_one(source, name, target)
            except BaseException as error:
                print(source, error, sep=": ", file=sys.stderr, flush=True)
            os._exit(code)
        _, status = os.waitpid(child, 0)
        if status and os.waitstatus_to_exitcode(status) != NOT_PYTHON:
            sys.exit(1)


main()
