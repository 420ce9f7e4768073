"""The DICOM roles of the box, on pynetdicom's associations."""
