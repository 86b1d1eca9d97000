"""Compile Python files into unchecked, hash-based .pyc (PEP 552).

Standard input has a line for each file: the source, the name in the zip and the
.pyc to write, separated by tabs. Standard output has a line for each file with a
syntax error in this version of Python: its name in the zip and the cause,
separated by a tab.

Each file is compiled in a forked process. The output of marshal depends on
references that the process still holds: in one process, one to four of some 3,000
files of real packages differed with the order of the files.
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
        # An import replaces the name by the path of the file.
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
