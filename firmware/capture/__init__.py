"""Pictures are taken in a process of their own, which may hang, crash or be killed alone.

::

    source = CapturedSource(spec, timezone)      # starts nothing yet
    source.open()                                # `gantry capture-worker` runs
    frame = source.read(5.0)                     # its pixels lie in memory that both share

The worker (:mod:`firmware.capture.worker`) builds the source of the spec, reads it and writes every
picture once, into a ring of shared memory; headers go over a socket. :class:`CapturedSource`
watches it, kills it when it says nothing, and starts it again.
"""
