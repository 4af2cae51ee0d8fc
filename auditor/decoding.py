"""What is looked at before pixels are decoded: pydicom and its codecs believe what a file says."""

from __future__ import annotations


class WillNotDecode(Exception):
    """Decoding would take more than an audit spends; the message says why, without a value."""


def check_not_deflated(location: str) -> None:
    """Make sure that pydicom would not inflate a file: it inflates all there is (PS3.5 A.5).

    Raises
    ------
    WillNotDecode
        If its transfer syntax says that it is deflated.
    """
    from pydicom.filereader import _read_file_meta_info, read_preamble

    from auditor.reading.reader import DEFLATED

    with open(location, "rb") as file:  # noqa: PTH123 - the name may not be text
        # As pydicom does it: how long the file meta information is, is up to the file.
        read_preamble(file, force=True)
        syntax = _read_file_meta_info(file).get("TransferSyntaxUID")
    if syntax in DEFLATED:
        raise WillNotDecode("a deflated data set, which is not inflated")
