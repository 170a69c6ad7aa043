"""Every exception that this package raises on purpose.

    CallCenterError
    ├── ConfigurationError      a setting, flow or persona that cannot be used
    │   └── FileError           ... in a file, at a line
    ├── MissingPartError        a program, model or library that is not there
    ├── AsteriskError           Asterisk refused or could not be reached
    │   ├── AriError            ... with an HTTP status
    │   └── LegError            a leg of a call could not be made
    ├── CallerHungUp            the caller's channel is gone
    ├── ProviderError           a model, a service or a cloud did not do what it was asked
    │   ├── SpeechError         ... a recogniser or a voice
    │   │   └── Overloaded      ... because too much is already waiting for it
    │   └── EmbeddingError      ... a sentence model
    │       └── Busy            ... because too much is already waiting for it
    ├── StoreError              the database cannot be used
    └── SimulationError         a simulated call could not be placed or finished

Foreign exceptions are mapped to these at the adapter that meets them.
"""

from pathlib import Path


class CallCenterError(Exception):
    """The root of the tree; its text is a sentence that a person can act on."""


class ConfigurationError(CallCenterError):
    """A setting, flow or persona that cannot be used."""


class FileError(ConfigurationError):
    """A file with a mistake in it. The text reads `path:line: what is wrong and what is allowed`."""

    def __init__(self, path: Path, line: int | None, message: str) -> None:
        self.path = path
        self.line = line
        super().__init__(f"{path}:{line}: {message}" if line else f"{path}: {message}")


class MissingPartError(CallCenterError):
    """A program, model or library is not there; the text says how to bring it."""


class AsteriskError(CallCenterError):
    """Asterisk refused, or could not be reached."""


class AriError(AsteriskError):
    """ARI answered a request with an HTTP error."""

    def __init__(self, status: int, request: str, message: str) -> None:
        self.status = status
        super().__init__(f"ARI answered {status} to {request}: {message}")


class LegError(AsteriskError):
    """A leg of a call could not be made."""


class CallerHungUp(CallCenterError):  # noqa: N818 - an outcome that unwinds the stack, not a fault
    """The caller's channel is gone."""


class ProviderError(CallCenterError):
    """A model, a service or a cloud did not do what it was asked. Never holds a key."""

    def __init__(self, message: str, *, may_pass: bool = False, retry_after_s: float | None = None) -> None:
        """`may_pass`: the same question may be answered if it is asked again; `retry_after_s`: not before then."""
        self.may_pass = may_pass
        self.retry_after_s = retry_after_s
        super().__init__(message)


class SpeechError(ProviderError):
    """A recogniser or a voice failed."""


class Overloaded(SpeechError):  # noqa: N818 - reads as what it is
    """Too much is already waiting for a recogniser or a voice."""


class EmbeddingError(ProviderError):
    """A sentence model failed."""


class Busy(EmbeddingError):  # noqa: N818 - reads as what it is
    """Too many sentences are waiting for the model."""


class StoreError(CallCenterError):
    """The database cannot be used."""


class SimulationError(CallCenterError):
    """A simulated call could not be placed or finished."""


def innermost(error: BaseException) -> BaseException:
    """`error`, or of a group of groups the first that is none."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
