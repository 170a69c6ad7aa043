"""`callcenter doctor`: all that the settings name, tried."""

import argparse
import json
from dataclasses import asdict

from callcenter import doctor, finding_view
from callcenter.config import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """None: it is all in the settings."""


async def run(options: argparse.Namespace, settings: Settings) -> int:
    """Show each finding as it comes; 1 if one is not well."""
    findings = []
    async for finding in doctor.examine(settings):
        findings.append(finding)
        if not options.json:
            finding_view.finding(finding)
    if options.json:
        print(json.dumps([asdict(finding) for finding in findings], indent=2))
    return 0 if all(finding.ok for finding in findings) else 1
