"""Tables of the DICOM standard as facts, each stamped with its edition."""
