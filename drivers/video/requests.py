"""Request numbers of V4L2, built of the size of their structure (``asm-generic/ioctl.h``)."""

from __future__ import annotations

import ctypes as c
from typing import Any

from drivers.video import abi

_READ, _WRITE = 2, 1


def _request(direction: int, number: int, kind: Any) -> int:
    """Request number as ``asm-generic/ioctl.h`` builds it."""
    return direction << 30 | c.sizeof(kind) << 16 | ord("V") << 8 | number


QUERYCAP = _request(_READ, 0, abi.Capability)
ENUM_FMT = _request(_READ | _WRITE, 2, abi.FormatDescription)
G_FMT = _request(_READ | _WRITE, 4, abi.Format)
S_FMT = _request(_READ | _WRITE, 5, abi.Format)
REQBUFS = _request(_READ | _WRITE, 8, abi.RequestBuffers)
QUERYBUF = _request(_READ | _WRITE, 9, abi.Buffer)
QBUF = _request(_READ | _WRITE, 15, abi.Buffer)
DQBUF = _request(_READ | _WRITE, 17, abi.Buffer)
STREAMON = _request(_WRITE, 18, c.c_int)
STREAMOFF = _request(_WRITE, 19, c.c_int)
G_PARM = _request(_READ | _WRITE, 21, abi.StreamParm)
S_PARM = _request(_READ | _WRITE, 22, abi.StreamParm)
G_STD = _request(_READ, 23, c.c_uint64)
S_STD = _request(_WRITE, 24, c.c_uint64)
ENUMSTD = _request(_READ | _WRITE, 25, abi.StandardDescription)
ENUMINPUT = _request(_READ | _WRITE, 26, abi.InputDescription)
G_CTRL = _request(_READ | _WRITE, 27, abi.ControlValue)
S_CTRL = _request(_READ | _WRITE, 28, abi.ControlValue)
QUERYCTRL = _request(_READ | _WRITE, 36, abi.QueryControl)
QUERYMENU = _request(_READ | _WRITE, 37, abi.QueryMenu)
G_INPUT = _request(_READ, 38, c.c_int)
S_INPUT = _request(_READ | _WRITE, 39, c.c_int)
G_EDID = _request(_READ | _WRITE, 40, abi.Edid)
S_EDID = _request(_READ | _WRITE, 41, abi.Edid)
CROPCAP = _request(_READ | _WRITE, 58, abi.CropCap)
ENUM_FRAMESIZES = _request(_READ | _WRITE, 74, abi.FrameSize)
S_DV_TIMINGS = _request(_READ | _WRITE, 87, abi.Timings)
G_DV_TIMINGS = _request(_READ | _WRITE, 88, abi.Timings)
DQEVENT = _request(_READ, 89, abi.EventRecord)
SUBSCRIBE_EVENT = _request(_WRITE, 90, abi.EventSubscription)
QUERY_DV_TIMINGS = _request(_READ, 99, abi.Timings)
