"""The library's log, under the name ``alloc_rewrite``.

In: messages. Out: records of `logging`, which is loaded with the first of them. It must not know
what they are about.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import logging


def debug(message: str, *values: object) -> None:
    """Log what helps those who work on the library or look for a reason.

    Without `logging`, which takes long to load, nothing has asked to see it.
    """
    if "logging" in sys.modules:
        _logger().debug(message, *values)


def info(message: str, *values: object) -> None:
    """Log a result that the user asked for."""
    _logger().info(message, *values)


def _logger() -> logging.Logger:
    import logging  # takes longer to load than most programs need of it

    return logging.getLogger("alloc_rewrite")
