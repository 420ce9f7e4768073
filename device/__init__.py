"""The emulated modality itself: identity, worklist items, exams, and the objects made from frames.

Nothing in here opens a socket or a file, reads a clock or mints a random number: all of that is
passed in through the protocols of :mod:`device.ports`.
"""
