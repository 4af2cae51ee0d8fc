"""``python -m auditor`` is the command ``dicom-audit``."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType
from typing import NoReturn

from auditor.exit_codes import INCOMPLETE

_ENDING = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]
"""What asks a process to end, by a terminal, a batch system or a container."""


def _interrupt(_: int, __: FrameType | None) -> None:
    """End as an interrupted audit does, once: what was unpacked has to be taken away meanwhile."""
    for each in _ENDING:
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt


def run() -> NoReturn:
    """Run the command, and end the process as it is.

    All files are closed and all processes ended by then: to take apart what was loaded is
    a tenth of a second for nothing.
    """
    # Arrays are all that NumPy is here for: by default it also starts threads for linear algebra,
    # one a core, and they wait at full speed.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    code: object = 0
    try:
        for each in _ENDING:
            # What a parent has set aside, as nohup does, stays so.
            if signal.getsignal(each) is not signal.SIG_IGN:
                signal.signal(each, _interrupt)
        from auditor.cli import main

        main(prog_name="dicom-audit")
    except SystemExit as end:
        code = 0 if end.code is None else end.code
    except (Exception, KeyboardInterrupt):  # noqa: BLE001
        # Not even that could be said; a traceback could quote a file.
        code = INCOMPLETE
    try:
        for stream in (sys.stdout, sys.stderr):
            # A process may be started without them.
            if stream is not None:
                stream.flush()
    except OSError:
        # Nobody reads on. What was to be said is not known to have been: not a verdict.
        code = INCOMPLETE
    os._exit(code if isinstance(code, int) else INCOMPLETE)


if __name__ == "__main__":
    run()
