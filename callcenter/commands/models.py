"""`callcenter models`: those that are known, fetched, verified."""

import argparse

from callcenter import model_view
from callcenter.commands.output import show
from callcenter.config import Settings
from callcenter.speech.models import Condition, Models


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to do with which."""
    parser.add_argument("action", choices=["list", "fetch", "verify"])
    parser.add_argument("names", nargs="*", metavar="NAME", help="which (default: those that the settings need)")


async def run(options: argparse.Namespace, settings: Settings) -> int:
    """Do it, and list them; 1 if one is not ready then."""
    models = Models(settings.paths.cache)
    names = options.names or list(models.known.models if options.action == "list" else models.known.default)
    if options.action == "fetch":
        with model_view.progress() as progress:
            await models.fetch(names, progress)
    conditions = {
        name: await models.verify(name) if options.action == "verify" else models.condition(name) for name in names
    }
    rows = [
        {"name": name, "about": model.about, "licence": model.licence, "bytes": model.size, "condition": condition}
        for name, condition in conditions.items()
        for model in [models.known.models[name]]
    ]
    show(rows, options, lambda: model_view.models(rows))
    return 0 if options.action == "list" or set(conditions.values()) == {Condition.READY} else 1
