"""Checks the rights of the daily drift check (stacks/construct/drift_reads.go).

usage: drift.py TEMPLATE...

CloudFormation reads each resource with the rights of the check's role. The schemas of
the resource types, which cfn-lint contains, name the actions of each read. The role
must have all of them for the types in its template, and none that no template needs.
"""

import json
import pathlib
import sys

import cfnlint

# Actions in the schemas that a read of the app's resources does not make. The key of a
# function's variables has its own statement. No API is imported from S3.
UNUSED = {"kms:decrypt", "iam:passrole", "s3:getobject"}

# Actions of the role that are not reads of resources.
OTHERS = {
    "cloudformation:batchdescribetypeconfigurations",
    "cloudformation:detectstackdrift",
    "cloudformation:detectstackresourcedrift",
    "kms:decrypt",
    "sqs:sendmessage",
}


def read_actions():
    """Returns the actions of each type's read handler."""
    actions = {}
    for path in pathlib.Path(cfnlint.__file__).parent.glob("data/schemas/resources/*.json"):
        schema = json.loads(path.read_text(encoding="utf-8"))
        read = schema.get("handlers", {}).get("read", {})
        actions[schema.get("typeName")] = {action.lower() for action in read.get("permissions", [])} - UNUSED
    return actions


def allowed(resources):
    """Returns the actions of the drift check's role; none without a check."""
    statements = [
        statement
        for name, resource in resources.items()
        if name.startswith("DriftCheckReads")
        for statement in resource["Properties"]["PolicyDocument"]["Statement"]
    ]
    actions = set()
    for statement in statements:
        given = statement["Action"]
        actions |= {action.lower() for action in ([given] if isinstance(given, str) else given)}
    return actions


def main(templates):
    """Compares the templates, and returns the exit code."""
    by_type = read_actions()
    if not by_type.get("AWS::Lambda::Function"):
        print("drift: cfn-lint contains no read handlers")
        return 1
    problems, checked, needed, given = [], 0, set(), set()
    for path in templates:
        resources = json.loads(pathlib.Path(path).read_text(encoding="utf-8")).get("Resources", {})
        actions = allowed(resources)
        if not actions:
            continue
        checked += 1
        given |= actions
        for kind in sorted({resource["Type"] for resource in resources.values()}):
            wanted = by_type.get(kind, set())
            needed |= wanted
            if wanted - actions:
                problems.append(f"{path}: {kind}: missing {', '.join(sorted(wanted - actions))}")
    if given - needed - OTHERS:
        problems.append(f"no template needs {', '.join(sorted(given - needed - OTHERS))}")
    if not checked:
        problems.append("no template has a drift check")
    print(*problems, f"drift: {checked} templates, {len(problems)} problems", sep="\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
