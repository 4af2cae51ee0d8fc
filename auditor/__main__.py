"""``python -m auditor`` is the command ``dicom-audit``."""

from auditor.cli import main

if __name__ == "__main__":
    main(prog_name="dicom-audit")
