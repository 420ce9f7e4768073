"""Talking to hardware: frame sources now; switches, serial lines and printers as they come.

Drivers know the kernel and the bus. They know nothing of DICOM networking, of the database or of
any package of ours, and every real driver has a simulated twin that behaves like the device.
"""
