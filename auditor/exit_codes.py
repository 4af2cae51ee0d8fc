"""What every command's exit code means: a published contract, see README."""

from __future__ import annotations

PASSED, FAILED, USAGE, INCOMPLETE = range(4)
"""The gate passed, or failed; a mistake in command or configuration; not all could be judged."""
