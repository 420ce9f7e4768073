"""What can go wrong inside the emulated modality.

::

    DeviceError
    +-- IncompleteDescription (ValueError)   an object was refused for want of attributes
    +-- NotFromCapture (ValueError)          the site makes no CT or MR object of this picture
    +-- UnsuitableFrame (ValueError)         the pixels do not fit the object asked for
    +-- InvalidCalibration (ValueError)      points or a ramp that nothing can be measured by
    +-- InvalidIdentity (ValueError)         a patient or worklist value that DICOM forbids
    +-- CharacterSetError (ValueError)       a text cannot be written in a character set
    +-- NotRebindable (ValueError)           an object that cannot be given to another patient
    +-- InvalidReport (ValueError)           a commitment report that cannot be understood
    +-- IllegalTransition (RuntimeError)     an exam was asked for a step it cannot take
    +-- UnknownReason (ValueError)           a discontinuation reason outside CID 9300
"""


class DeviceError(Exception):
    """Root of every error raised by :mod:`device`; its text is fit for the operator."""


class IncompleteDescription(DeviceError, ValueError):
    """A CT or MR object was refused because legitimate values are missing.

    Attributes
    ----------
    missing : tuple of str
        DICOM keywords without an accepted value, in the order of the module tables.
    """

    def __init__(self, object_name: str, missing: tuple[str, ...]) -> None:
        self.object_name = object_name
        self.missing = missing
        super().__init__(
            f"{object_name} needs {', '.join(missing)}: "
            f"configure them in the protocol or take them from the source"
        )


class NotFromCapture(DeviceError, ValueError):
    """A CT or MR object was refused because the picture was captured and the site allows none."""

    def __init__(self, kind: str) -> None:
        super().__init__(
            f"{kind} images are not made of captured pictures at this site: replay the scanner's "
            f"own files, or allow it with station.ct_mr_from_capture"
        )


class UnsuitableFrame(DeviceError, ValueError):
    """The frame's size, depth or colour does not fit the object asked for."""


class InvalidCalibration(DeviceError, ValueError):
    """What was shown for calibration does not measure anything."""


class NotRebindable(DeviceError, ValueError):
    """An object cannot be given to another patient: the box did not build it of pictures."""


class InvalidIdentity(DeviceError, ValueError):
    """A patient or worklist value cannot be written as DICOM."""


class CharacterSetError(DeviceError, ValueError):
    """Text would be lost in the character set asked for, or its own is not known."""


class InvalidReport(DeviceError, ValueError):
    """A storage commitment report does not say what it is about."""


class IllegalTransition(DeviceError, RuntimeError):
    """The exam's state does not allow this step."""


class UnknownReason(DeviceError, ValueError):
    """The discontinuation reason is not in PS3.16 CID 9300."""
