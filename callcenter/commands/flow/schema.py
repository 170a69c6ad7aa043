"""`callcenter flow schema`: what may stand in a flow's file, for editors."""

import argparse
import json

from callcenter.config import Settings
from callcenter.dialogue import flow
from callcenter.simulation.persona import Persona


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Of what."""
    parser.add_argument("--persona", action="store_true", help="that of personas' files instead")


async def run(options: argparse.Namespace, settings: Settings) -> int:
    """Print the JSON Schema."""
    found = Persona.model_json_schema(by_alias=True) if options.persona else flow.schema()
    print(json.dumps(found, indent=2))
    return 0
