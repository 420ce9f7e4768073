"""The kernel's side of V4L2: structures and constants of ``linux/videodev2.h``.

Only what a capture device needs, single-planar, with the sizes of 64-bit Linux; the tests compare
them with the header. The request numbers are in :mod:`drivers.video.requests`.
"""

from __future__ import annotations

import ctypes as c
from typing import Any, ClassVar

BUF_TYPE_VIDEO_CAPTURE = 1
MEMORY_MMAP = 1
FIELD_NONE, FIELD_INTERLACED = 1, 4

CAP_VIDEO_CAPTURE = 0x00000001
CAP_STREAMING = 0x04000000
CAP_DEVICE_CAPS = 0x80000000
CAP_TIMEPERFRAME = 0x1000

BUF_FLAG_ERROR = 0x00000040
BUF_FLAG_TIMESTAMP_MASK = 0x0000E000
BUF_FLAG_TIMESTAMP_MONOTONIC = 0x00002000

IN_CAP_DV_TIMINGS = 0x00000002
IN_CAP_STD = 0x00000004
IN_ST_NO_POWER = 0x00000001
IN_ST_NO_SIGNAL = 0x00000002
IN_ST_UNLOCKED = 0x00010000 | 0x00000100 | 0x00000400 | 0x00000800
"""No sync, no horizontal, vertical or standard lock."""
IN_ST_PROTECTED = 0x01000000 | 0x02000000
"""Macrovision detected, conditional access denied."""

EVENT_EOS, EVENT_CTRL, EVENT_SOURCE_CHANGE = 2, 3, 5

CTRL_FLAG_DISABLED = 0x0001
CTRL_FLAG_NEXT_CTRL = 0x80000000
CTRL_TYPES = {1: "integer", 2: "boolean", 3: "menu", 4: "button", 8: "bitmask", 9: "integer menu"}
"""Those whose value is one number of 32 bits."""
CTRL_TYPE_CLASS = 6

FRMSIZE_TYPE_DISCRETE = 1

DV_BT_656_1120 = 0
EDID_BLOCK = 128


class Fraction(c.Structure):
    """``struct v4l2_fract``."""

    _fields_: ClassVar[Any] = [("numerator", c.c_uint32), ("denominator", c.c_uint32)]


class Rect(c.Structure):
    """``struct v4l2_rect``."""

    _fields_: ClassVar[Any] = [
        ("left", c.c_int32),
        ("top", c.c_int32),
        ("width", c.c_uint32),
        ("height", c.c_uint32),
    ]


class Capability(c.Structure):
    """``struct v4l2_capability``."""

    _fields_: ClassVar[Any] = [
        ("driver", c.c_char * 16),
        ("card", c.c_char * 32),
        ("bus_info", c.c_char * 32),
        ("version", c.c_uint32),
        ("capabilities", c.c_uint32),
        ("device_caps", c.c_uint32),
        ("reserved", c.c_uint32 * 3),
    ]


class FormatDescription(c.Structure):
    """``struct v4l2_fmtdesc``."""

    _fields_: ClassVar[Any] = [
        ("index", c.c_uint32),
        ("type", c.c_uint32),
        ("flags", c.c_uint32),
        ("description", c.c_char * 32),
        ("pixelformat", c.c_uint32),
        ("mbus_code", c.c_uint32),
        ("reserved", c.c_uint32 * 3),
    ]


class FrameSize(c.Structure):
    """``struct v4l2_frmsizeenum``; ``discrete`` covers the first two words of its union."""

    _fields_: ClassVar[Any] = [
        ("index", c.c_uint32),
        ("pixel_format", c.c_uint32),
        ("type", c.c_uint32),
        ("width", c.c_uint32),
        ("height", c.c_uint32),
        ("stepwise_rest", c.c_uint32 * 4),
        ("reserved", c.c_uint32 * 2),
    ]


class PixFormat(c.Structure):
    """``struct v4l2_pix_format``."""

    _fields_: ClassVar[Any] = [
        ("width", c.c_uint32),
        ("height", c.c_uint32),
        ("pixelformat", c.c_uint32),
        ("field", c.c_uint32),
        ("bytesperline", c.c_uint32),
        ("sizeimage", c.c_uint32),
        ("colorspace", c.c_uint32),
        ("priv", c.c_uint32),
        ("flags", c.c_uint32),
        ("ycbcr_enc", c.c_uint32),
        ("quantization", c.c_uint32),
        ("xfer_func", c.c_uint32),
    ]


class _FormatUnion(c.Union):
    # the pointer stands for struct v4l2_window, which gives the union its alignment
    _fields_: ClassVar[Any] = [
        ("pix", PixFormat),
        ("raw_data", c.c_uint8 * 200),
        ("aligned", c.c_void_p),
    ]


class Format(c.Structure):
    """``struct v4l2_format``."""

    _fields_: ClassVar[Any] = [("type", c.c_uint32), ("fmt", _FormatUnion)]


class CaptureParm(c.Structure):
    """``struct v4l2_captureparm``."""

    _fields_: ClassVar[Any] = [
        ("capability", c.c_uint32),
        ("capturemode", c.c_uint32),
        ("timeperframe", Fraction),
        ("extendedmode", c.c_uint32),
        ("readbuffers", c.c_uint32),
        ("reserved", c.c_uint32 * 4),
    ]


class _ParmUnion(c.Union):
    _fields_: ClassVar[Any] = [("capture", CaptureParm), ("raw_data", c.c_uint8 * 200)]


class StreamParm(c.Structure):
    """``struct v4l2_streamparm``."""

    _fields_: ClassVar[Any] = [("type", c.c_uint32), ("parm", _ParmUnion)]


class RequestBuffers(c.Structure):
    """``struct v4l2_requestbuffers``."""

    _fields_: ClassVar[Any] = [
        ("count", c.c_uint32),
        ("type", c.c_uint32),
        ("memory", c.c_uint32),
        ("capabilities", c.c_uint32),
        ("flags", c.c_uint8),
        ("reserved", c.c_uint8 * 3),
    ]


class TimeVal(c.Structure):
    """``struct timeval``."""

    _fields_: ClassVar[Any] = [("tv_sec", c.c_long), ("tv_usec", c.c_long)]


class TimeCode(c.Structure):
    """``struct v4l2_timecode``."""

    _fields_: ClassVar[Any] = [
        ("type", c.c_uint32),
        ("flags", c.c_uint32),
        ("parts", c.c_uint8 * 4),
        ("userbits", c.c_uint8 * 4),
    ]


class _BufferMemory(c.Union):
    _fields_: ClassVar[Any] = [
        ("offset", c.c_uint32),
        ("userptr", c.c_ulong),
        ("planes", c.c_void_p),
        ("fd", c.c_int32),
    ]


class Buffer(c.Structure):
    """``struct v4l2_buffer``."""

    _fields_: ClassVar[Any] = [
        ("index", c.c_uint32),
        ("type", c.c_uint32),
        ("bytesused", c.c_uint32),
        ("flags", c.c_uint32),
        ("field", c.c_uint32),
        ("timestamp", TimeVal),
        ("timecode", TimeCode),
        ("sequence", c.c_uint32),
        ("memory", c.c_uint32),
        ("m", _BufferMemory),
        ("length", c.c_uint32),
        ("reserved2", c.c_uint32),
        ("request_fd", c.c_int32),
    ]


class InputDescription(c.Structure):
    """``struct v4l2_input``."""

    _fields_: ClassVar[Any] = [
        ("index", c.c_uint32),
        ("name", c.c_char * 32),
        ("type", c.c_uint32),
        ("audioset", c.c_uint32),
        ("tuner", c.c_uint32),
        ("std", c.c_uint64),
        ("status", c.c_uint32),
        ("capabilities", c.c_uint32),
        ("reserved", c.c_uint32 * 3),
    ]


class StandardDescription(c.Structure):
    """``struct v4l2_standard``."""

    _fields_: ClassVar[Any] = [
        ("index", c.c_uint32),
        ("id", c.c_uint64),
        ("name", c.c_char * 24),
        ("frameperiod", Fraction),
        ("framelines", c.c_uint32),
        ("reserved", c.c_uint32 * 4),
    ]


class QueryControl(c.Structure):
    """``struct v4l2_queryctrl``."""

    _fields_: ClassVar[Any] = [
        ("id", c.c_uint32),
        ("type", c.c_uint32),
        ("name", c.c_char * 32),
        ("minimum", c.c_int32),
        ("maximum", c.c_int32),
        ("step", c.c_int32),
        ("default_value", c.c_int32),
        ("flags", c.c_uint32),
        ("reserved", c.c_uint32 * 2),
    ]


class QueryMenu(c.Structure):
    """``struct v4l2_querymenu``; ``name`` covers its union."""

    _pack_ = 1
    _layout_ = "ms"
    _fields_: ClassVar[Any] = [
        ("id", c.c_uint32),
        ("index", c.c_uint32),
        ("name", c.c_char * 32),
        ("reserved", c.c_uint32),
    ]


class ControlValue(c.Structure):
    """``struct v4l2_control``."""

    _fields_: ClassVar[Any] = [("id", c.c_uint32), ("value", c.c_int32)]


class CropCap(c.Structure):
    """``struct v4l2_cropcap``."""

    _fields_: ClassVar[Any] = [
        ("type", c.c_uint32),
        ("bounds", Rect),
        ("defrect", Rect),
        ("pixelaspect", Fraction),
    ]


class BtTimings(c.Structure):
    """``struct v4l2_bt_timings``."""

    _pack_ = 1
    _layout_ = "ms"
    _fields_: ClassVar[Any] = [
        ("width", c.c_uint32),
        ("height", c.c_uint32),
        ("interlaced", c.c_uint32),
        ("polarities", c.c_uint32),
        ("pixelclock", c.c_uint64),
        ("hfrontporch", c.c_uint32),
        ("hsync", c.c_uint32),
        ("hbackporch", c.c_uint32),
        ("vfrontporch", c.c_uint32),
        ("vsync", c.c_uint32),
        ("vbackporch", c.c_uint32),
        ("il_vfrontporch", c.c_uint32),
        ("il_vsync", c.c_uint32),
        ("il_vbackporch", c.c_uint32),
        ("standards", c.c_uint32),
        ("flags", c.c_uint32),
        ("picture_aspect", Fraction),
        ("cea861_vic", c.c_uint8),
        ("hdmi_vic", c.c_uint8),
        ("reserved", c.c_uint8 * 46),
    ]


class Timings(c.Structure):
    """``struct v4l2_dv_timings``."""

    _pack_ = 1
    _layout_ = "ms"
    _fields_: ClassVar[Any] = [
        ("type", c.c_uint32),
        ("bt", BtTimings),
        ("rest", c.c_uint8 * (128 - c.sizeof(BtTimings))),
    ]


class Edid(c.Structure):
    """``struct v4l2_edid``."""

    _fields_: ClassVar[Any] = [
        ("pad", c.c_uint32),
        ("start_block", c.c_uint32),
        ("blocks", c.c_uint32),
        ("reserved", c.c_uint32 * 5),
        ("edid", c.c_void_p),
    ]


class TimeSpec(c.Structure):
    """``struct timespec``."""

    _fields_: ClassVar[Any] = [("tv_sec", c.c_long), ("tv_nsec", c.c_long)]


class _EventData(c.Union):
    _fields_: ClassVar[Any] = [("data", c.c_uint8 * 64), ("aligned", c.c_uint64)]


class EventRecord(c.Structure):
    """``struct v4l2_event``."""

    _fields_: ClassVar[Any] = [
        ("type", c.c_uint32),
        ("u", _EventData),
        ("pending", c.c_uint32),
        ("sequence", c.c_uint32),
        ("timestamp", TimeSpec),
        ("id", c.c_uint32),
        ("reserved", c.c_uint32 * 8),
    ]


class EventSubscription(c.Structure):
    """``struct v4l2_event_subscription``."""

    _fields_: ClassVar[Any] = [
        ("type", c.c_uint32),
        ("id", c.c_uint32),
        ("flags", c.c_uint32),
        ("reserved", c.c_uint32 * 5),
    ]


def fourcc(number: int) -> str:
    """Four characters of a pixel format, trailing blanks cut.

    Only blanks: the last character of a big-endian format is one that Python takes for white space.
    """
    return number.to_bytes(4, "little").decode("latin-1").rstrip(" ")


def fourcc_number(text: str) -> int:
    """Number of a pixel format, shorter names filled up with blanks."""
    return int.from_bytes(text.ljust(4).encode("latin-1")[:4], "little")
