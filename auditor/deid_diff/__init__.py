"""Two collections, before and after de-identification: what was done to each element.

What was done is held against what the released objects claim (PS3.15 Annex E). Nothing that
is written holds a value: not of the original, and not of the release.
"""

from auditor.deid_diff.compare import compare_release
from auditor.deid_diff.pairing import MappingError, read_mapping
from auditor.deid_diff.report import DeidDiff

__all__ = ["DeidDiff", "MappingError", "compare_release", "read_mapping"]
