"""What a placed call takes along for the agent, as arguments of the dialplan's Stasis(). Pure.

    Stasis(ai-call-center,flow=energy,contact=<the attempt's UUID>,known=<what is known of them>)

The dialplan takes commas, quotes, braces and more for itself, so `known` is JSON with all of them percent-encoded.
"""

import json
from collections.abc import Mapping
from urllib.parse import quote, unquote
from uuid import UUID

LONGEST = 3000
"""Characters of `known`: Asterisk substitutes variables in a buffer of 4,096."""


def packed(data: Mapping[str, str]) -> str:
    """`data` in letters, digits and `%`, `_`, `.`, `-`, `~`; nothing for nothing."""
    return quote(json.dumps(dict(data), ensure_ascii=False, separators=(",", ":")), safe="") if data else ""


def unpacked(text: str) -> dict[str, str]:
    """What `packed` made `text` of. Raises ValueError when it is something else."""
    content = json.loads(unquote(text, errors="strict")) if text else {}
    if not isinstance(content, dict) or not all(isinstance(value, str) for value in content.values()):
        raise ValueError("not what is known of a contact")
    return content


def arguments(flow: str, attempt: UUID, data: Mapping[str, str]) -> str:
    """What follows the application in Stasis(). Raises ValueError for a flow whose name the dialplan would misread."""
    if not flow or quote(flow, safe="/") != flow:
        raise ValueError(f"the flow {flow!r} cannot be named in a dialplan: letters, digits and / _ . - are allowed")
    known = f",known={packed(data)}" if data else ""
    return f"flow={flow},contact={attempt}{known}"


def known(arguments: Mapping[str, str]) -> dict[str, str]:
    """What a call with these arguments, by name, has taken along; nothing where somebody else has written them."""
    try:
        return unpacked(arguments.get("known", ""))
    except ValueError:
        return {}
