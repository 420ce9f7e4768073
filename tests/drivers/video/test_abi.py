"""Our structures are the kernel's: a C compiler reads the header and we compare."""

from __future__ import annotations

import ctypes
import shutil
import subprocess

import pytest

from drivers.video import abi, requests

STRUCTURES = {
    "Capability": "v4l2_capability",
    "FormatDescription": "v4l2_fmtdesc",
    "FrameSize": "v4l2_frmsizeenum",
    "PixFormat": "v4l2_pix_format",
    "Format": "v4l2_format",
    "CaptureParm": "v4l2_captureparm",
    "StreamParm": "v4l2_streamparm",
    "RequestBuffers": "v4l2_requestbuffers",
    "TimeCode": "v4l2_timecode",
    "Buffer": "v4l2_buffer",
    "InputDescription": "v4l2_input",
    "StandardDescription": "v4l2_standard",
    "QueryControl": "v4l2_queryctrl",
    "QueryMenu": "v4l2_querymenu",
    "ControlValue": "v4l2_control",
    "CropCap": "v4l2_cropcap",
    "BtTimings": "v4l2_bt_timings",
    "Timings": "v4l2_dv_timings",
    "Edid": "v4l2_edid",
    "EventRecord": "v4l2_event",
    "EventSubscription": "v4l2_event_subscription",
}
SAME_NAME = {
    "FormatDescription": ("pixelformat", "description"),
    "Format": ("fmt",),
    "StreamParm": ("parm",),
    "Buffer": ("bytesused", "flags", "timestamp", "sequence", "memory", "m", "length"),
    "InputDescription": ("std", "status", "capabilities"),
    "StandardDescription": ("id", "name", "frameperiod"),
    "QueryMenu": ("name",),
    "CropCap": ("pixelaspect",),
    "BtTimings": ("pixelclock", "vbackporch", "il_vbackporch"),
    "Timings": ("bt",),
    "Edid": ("edid",),
    "EventRecord": ("pending", "id"),
}
REQUESTS = [name for name in vars(requests) if name.isupper() and not name.startswith("_")]
CONSTANTS = {
    "BUF_TYPE_VIDEO_CAPTURE": "V4L2_BUF_TYPE_VIDEO_CAPTURE",
    "MEMORY_MMAP": "V4L2_MEMORY_MMAP",
    "FIELD_INTERLACED": "V4L2_FIELD_INTERLACED",
    "CAP_VIDEO_CAPTURE": "V4L2_CAP_VIDEO_CAPTURE",
    "CAP_STREAMING": "V4L2_CAP_STREAMING",
    "CAP_DEVICE_CAPS": "V4L2_CAP_DEVICE_CAPS",
    "CAP_TIMEPERFRAME": "V4L2_CAP_TIMEPERFRAME",
    "BUF_FLAG_ERROR": "V4L2_BUF_FLAG_ERROR",
    "BUF_FLAG_TIMESTAMP_MASK": "V4L2_BUF_FLAG_TIMESTAMP_MASK",
    "BUF_FLAG_TIMESTAMP_MONOTONIC": "V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC",
    "IN_CAP_DV_TIMINGS": "V4L2_IN_CAP_DV_TIMINGS",
    "IN_CAP_STD": "V4L2_IN_CAP_STD",
    "IN_ST_NO_POWER": "V4L2_IN_ST_NO_POWER",
    "IN_ST_NO_SIGNAL": "V4L2_IN_ST_NO_SIGNAL",
    "IN_ST_UNLOCKED": "V4L2_IN_ST_NO_SYNC|V4L2_IN_ST_NO_H_LOCK"
    "|V4L2_IN_ST_NO_V_LOCK|V4L2_IN_ST_NO_STD_LOCK",
    "IN_ST_PROTECTED": "V4L2_IN_ST_MACROVISION|V4L2_IN_ST_NO_ACCESS",
    "EVENT_EOS": "V4L2_EVENT_EOS",
    "EVENT_CTRL": "V4L2_EVENT_CTRL",
    "EVENT_SOURCE_CHANGE": "V4L2_EVENT_SOURCE_CHANGE",
    "CTRL_FLAG_DISABLED": "V4L2_CTRL_FLAG_DISABLED",
    "CTRL_FLAG_NEXT_CTRL": "V4L2_CTRL_FLAG_NEXT_CTRL",
    "CTRL_TYPE_CLASS": "V4L2_CTRL_TYPE_CTRL_CLASS",
    "FRMSIZE_TYPE_DISCRETE": "V4L2_FRMSIZE_TYPE_DISCRETE",
    "DV_BT_656_1120": "V4L2_DV_BT_656_1120",
}


@pytest.fixture(scope="module")
def header(tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    """What the header says, by the C expression that was asked."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    assert compiler, "install gcc and linux-libc-dev"
    asked = [f"sizeof(struct {name})" for name in STRUCTURES.values()]
    asked += [
        f"offsetof(struct {STRUCTURES[ours]}, {member})"
        for ours, members in SAME_NAME.items()
        for member in members
    ]
    asked += [f"VIDIOC_{name}" for name in REQUESTS]
    asked += list(CONSTANTS.values())
    asked += [f"V4L2_CTRL_TYPE_{name}" for name in ("INTEGER", "BOOLEAN", "MENU", "BUTTON")]
    folder = tmp_path_factory.mktemp("header")
    lines = [f'    printf("%llu\\n", (unsigned long long)({one}));' for one in asked]
    source = "\n".join(
        [
            *("#include <stddef.h>", "#include <stdio.h>", "#include <linux/videodev2.h>"),
            *("int main(void) {", *lines, "    return 0;", "}", ""),
        ]
    )
    (folder / "ask.c").write_text(source)
    subprocess.run([compiler, "-o", folder / "ask", folder / "ask.c"], check=True)
    said = subprocess.run([folder / "ask"], capture_output=True, text=True, check=True).stdout
    return dict(zip(asked, map(int, said.split()), strict=True))


@pytest.mark.parametrize("ours", STRUCTURES)
def test_structures_have_the_kernels_size(ours: str, header: dict[str, int]) -> None:
    assert ctypes.sizeof(getattr(abi, ours)) == header[f"sizeof(struct {STRUCTURES[ours]})"]


@pytest.mark.parametrize("ours", SAME_NAME)
def test_members_lie_where_the_kernel_has_them(ours: str, header: dict[str, int]) -> None:
    structure = getattr(abi, ours)
    for member in SAME_NAME[ours]:
        expected = header[f"offsetof(struct {STRUCTURES[ours]}, {member})"]
        assert getattr(structure, member).offset == expected, member


@pytest.mark.parametrize("name", REQUESTS)
def test_requests_have_the_kernels_numbers(name: str, header: dict[str, int]) -> None:
    assert getattr(requests, name) == header[f"VIDIOC_{name}"]


@pytest.mark.parametrize("name", CONSTANTS)
def test_constants_are_the_kernels(name: str, header: dict[str, int]) -> None:
    assert getattr(abi, name) == header[CONSTANTS[name]] & 0xFFFFFFFF


def test_kinds_of_controls_are_the_kernels(header: dict[str, int]) -> None:
    for name in ("INTEGER", "BOOLEAN", "MENU", "BUTTON"):
        assert abi.CTRL_TYPES[header[f"V4L2_CTRL_TYPE_{name}"]] == name.lower()


def test_pixel_formats_are_named_by_their_characters() -> None:
    assert abi.fourcc_number("YUYV") == 0x56595559
    assert abi.fourcc(abi.fourcc_number("Y10")) == "Y10"
