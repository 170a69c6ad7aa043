"""The log: JSON lines for the journal, readable ones for a terminal.

A line's event reads like the wire: `<` came in, `>` went out, `=` changed state, `x` was dropped, `!` failed.
"""

import logging
import sys
from typing import TextIO

import structlog
from structlog.typing import Processor

from callcenter.config import Log


def configure(section: Log, stream: TextIO = sys.stderr) -> None:
    """Send the log to `stream` as `section` says; `auto` is readable on a terminal and JSON elsewhere."""
    readable = section.format == "console" or (section.format == "auto" and stream.isatty())
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="%H:%M:%S.%f" if readable else "iso", utc=not readable),
    ]
    last: list[Processor] = (
        [_console(stream)] if readable else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    )
    structlog.configure(
        processors=shared + last,
        wrapper_class=structlog.make_filtering_bound_logger(section.level),
        logger_factory=structlog.PrintLoggerFactory(file=stream),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, stream=stream, format="%(name)s: %(message)s")


def _console(stream: TextIO) -> Processor:
    """With plain tracebacks: others take 0.2 s to draw, on the event loop, and show what variables hold."""
    return structlog.dev.ConsoleRenderer(
        colors=stream.isatty(), pad_event_to=28, exception_formatter=structlog.dev.plain_traceback
    )
