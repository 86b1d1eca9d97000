"""Checks templates with cfn-guard and AWS's rules for Control Tower.

    python .ci/guard.py PACKAGE TEMPLATE…

PACKAGE is the folder of the npm package @cdklabs/cdk-validator-cfnguard. guard.yaml
beside this file lists the accepted findings. The exit code is 1 if there are others,
or if an entry of the list accepts no finding.
"""

import json
import pathlib
import platform
import subprocess
import sys
from collections import Counter

import yaml

PASSED, FAILED = 0, 19  # exit codes of cfn-guard validate: see its documentation


def program(package):
    system = {"Linux": "ubuntu", "Darwin": "macos"}.get(platform.system())
    machine = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "aarch64", "arm64": "aarch64"}.get(platform.machine())
    path = package / "bin" / str(system) / str(machine) / "cfn-guard"
    if not path.is_file():
        sys.exit(f"{platform.system()} {platform.machine()}: has no program of cfn-guard in {package}; want Linux or macOS on x86_64 or arm64")
    return path


def validate(package, templates):
    """Returns cfn-guard's report on each template."""
    rules = package / "rules" / "control-tower" / "cfn-guard"
    done = subprocess.run(
        [program(package), "validate", "--rules", rules, "--structured", "--output-format", "json", "--show-summary", "none", "--data", *templates],
        capture_output=True, text=True)
    if done.returncode not in (PASSED, FAILED):
        sys.exit(f"cfn-guard: exit code {done.returncode}: {done.stderr}")
    reports = json.loads(done.stdout)
    if {report["name"] for report in reports} != set(templates) or not all(report["compliant"] for report in reports):
        sys.exit("cfn-guard: a template has no report, or a report has no compliant rule")
    return reports


def paths(report):
    """Yields the paths of properties and resources in a part of a report."""
    if isinstance(report, dict):
        path = report.get("path")
        if isinstance(path, str) and path.startswith("/Resources/"):
            yield path
        report = list(report.values())
    if isinstance(report, list):
        for part in report:
            yield from paths(part)


def findings(reports):
    """Returns findings as (rule, resource type, logical id, template)."""
    found = set()
    for report in reports:
        resources = json.loads(pathlib.Path(report["name"]).read_text())["Resources"]
        for failed in report["not_compliant"]:
            rule = failed["Rule"]["name"]
            ids = {path.split("/")[2] for path in paths(failed)}
            if not ids:
                sys.exit(f"cfn-guard: the finding of {rule} in {report['name']} names no resource")
            found.update((rule, resources[id]["Type"], id, report["name"]) for id in ids)
    return sorted(found)


def main(package, *templates):
    accepted = yaml.safe_load(pathlib.Path(__file__).with_suffix(".yaml").read_text())
    used, unexplained = Counter(), []
    reports = validate(pathlib.Path(package), templates)
    for rule, kind, id, template in findings(reports):
        matching = [i for i, entry in enumerate(accepted) if rule in entry["rules"] and kind == entry["type"] and entry["reason"]]
        used.update(matching)
        if not matching:
            unexplained.append(f"{template}: {rule} on {id} ({kind}): is not accepted; want a change of the resource, or a reason in .ci/guard.yaml")
    unused = [f".ci/guard.yaml: {entry['rules']} on {entry['type']}: accepts no finding; want no such entry" for i, entry in enumerate(accepted) if not used[i]]
    print(f"cfn-guard: {len(templates)} templates, {used.total()} accepted findings, {len(unexplained)} unexplained ones")
    if unexplained or unused:
        sys.exit("\n".join(unexplained + unused))


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
