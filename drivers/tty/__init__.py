"""Serial side channels, each described by a driver file instead of code.

A driver file (TOML, see ``models/``) says how the line is set, where a message begins and ends, how
it is checked, and which of its fields is which DICOM attribute. Lines are only listened to, unless
the file says otherwise.
"""
