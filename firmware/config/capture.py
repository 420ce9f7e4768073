"""The keys of ``[[sources]]`` and ``[[profiles]]``: where pictures come from, and how."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from firmware.config import values
from firmware.config.metadata import file, meta, text

ISOLATED = frozenset({"v4l2", "usb", "simulated"})
"""Kinds that always take their pictures in a process of their own."""

SIDE_CHANNELS = frozenset({"serial"})
"""Kinds that give values for pictures, and no pictures."""

_DEVICES = ("v4l2", "usb", "serial")
_WITH_PROFILE = ("v4l2", "simulated")
_ALWAYS_THERE = ("replay", "pattern")

_STABLE = (
    "a bus path or serial number as 'gantry devices' prints it; never /dev/videoN, which is "
    "another device after the next start"
)


class SourceSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Where pictures come from, or what is said of them. Repeat the table for each."""

    name: Annotated[str, text("What this box calls the source.", 64, "scanner", 1)]
    kind: Annotated[
        Literal["replay", "pattern", "folder", "v4l2", "usb", "serial", "simulated"],
        meta(
            "What it is: v4l2 is a video grabber, usb the bulk-transfer digitiser, serial a side "
            "channel that gives values for pictures, folder takes in the files that a scanner "
            "puts there, simulated is a grabber or digitiser that does not exist; replay plays "
            "files as a grabber would, pattern is a moving test picture."
        ),
    ]
    path: Annotated[
        str,
        file(
            "File, or folder of files of one kind, to play; or the folder to watch.",
            "/srv/replay",
            ("replay", "folder"),
        ),
    ] = ""
    rate: (
        Annotated[
            float,
            meta(
                "Pictures per second; 0 as fast as they are read; absent: the material's own rate.",
                ge=0,
                le=240,
                examples=[25.0],
                kinds=_ALWAYS_THERE,
            ),
        ]
        | None
    ) = None
    settle: Annotated[
        float,
        meta(
            "Seconds without a change after which a file counts as complete.",
            ge=0.1,
            le=3600,
            kinds=("folder",),
        ),
    ] = 2.0
    loop: Annotated[bool, meta("Begin again at the end.", kinds=("replay",))] = False
    rows: Annotated[
        int, meta("Height of the picture in pixels.", ge=32, le=8192, kinds=("pattern",))
    ] = 512
    columns: Annotated[
        int, meta("Width of the picture in pixels.", ge=32, le=8192, kinds=("pattern",))
    ] = 512
    bits: Annotated[
        int, meta("Grey depth; 8 where colour is true.", ge=8, le=16, kinds=("pattern",))
    ] = 8
    colour: Annotated[bool, meta("Colour instead of grey.", kinds=("pattern",))] = False
    frames: Annotated[
        int, meta("Pictures until the end; 0: endless.", ge=0, le=2**31, kinds=("pattern",))
    ] = 0
    seed: Annotated[
        int, meta("Another number gives another picture.", ge=0, le=2**31, kinds=("pattern",))
    ] = 0
    device: Annotated[
        str,
        meta(
            "Which device; empty: the profile's own, or the only one that there is.",
            max_length=256,
            examples=["usb-0000:01:00.0-1.3"],
            check=values.stable_device,
            allowed=_STABLE,
            kinds=_DEVICES,
        ),
    ] = ""
    profile: Annotated[
        str,
        meta(
            "How its pictures are taken.",
            max_length=64,
            examples=["hdmi-usb-still"],
            allowed="name of an entry of [[profiles]], or a shipped preset",
            kinds=_WITH_PROFILE,
        ),
    ] = ""
    driver: Annotated[
        str,
        meta(
            "What the serial device speaks.",
            max_length=4096,
            examples=["xray-generator"],
            check=values.printable,
            allowed="name of a shipped driver file, or the path of one that ends in .toml",
            kinds=("serial",),
        ),
    ] = ""
    window: Annotated[
        float,
        meta(
            "Seconds after a value in which its picture may come; else it belongs to none.",
            ge=0.1,
            le=600,
            kinds=("serial",),
        ),
    ] = 5.0
    raw_log: Annotated[
        str,
        file(
            "File that takes every byte of the line, patients included; empty: none.",
            "lines/generator.log",
            kinds=("serial",),
        ),
    ] = ""
    model: Annotated[
        Literal["", "grabber", "analogue", "bridge", "digitiser"],
        meta(
            "What is simulated; empty: grabber.",
            examples=["grabber"],
            kinds=("simulated",),
        ),
    ] = ""
    faults: Annotated[
        tuple[
            Annotated[str, Meta(min_length=1, max_length=64), meta("", check=values.printable)], ...
        ],
        meta(
            "What goes wrong with it.",
            examples=[["unplug", "no-signal"]],
            allowed="words of 'gantry devices simulate --list-faults'",
            kinds=("simulated",),
        ),
    ] = ()
    isolated: Annotated[
        bool,
        meta("Take the pictures in a process of their own.", kinds=_ALWAYS_THERE),
    ] = False


_Side = Annotated[int, Meta(ge=0, le=65535)]


class ProfileSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """How pictures are taken from one input: repeat for each. What is absent, the preset says."""

    name: Annotated[str, text("What sources call the profile.", 64, "ct-console", 1)]
    preset: Annotated[
        str,
        meta(
            "Shipped profile that this one begins from; empty: none.",
            max_length=64,
            examples=["composite-pal"],
            allowed="a name that 'gantry devices --presets' lists",
        ),
    ] = ""
    device: Annotated[
        str,
        meta(
            "Device that it was made for.",
            max_length=256,
            examples=["usb-0000:01:00.0-1.3"],
            check=values.stable_device,
            allowed=_STABLE,
        ),
    ] = ""
    pixel_format: Annotated[
        str,
        meta(
            "Pixel format, in the four characters of V4L2.",
            max_length=4,
            examples=["UYVY"],
            allowed="YUYV, UYVY, NV12, GREY, Y10, Y12, Y16, RGB3, BGR3, or MJPG where lossy",
        ),
    ] = ""
    columns: (
        Annotated[int, meta("Width that the input must have.", ge=0, le=65535, examples=[720])]
        | None
    ) = None
    rows: (
        Annotated[int, meta("Height that the input must have.", ge=0, le=65535, examples=[576])]
        | None
    ) = None
    rate: (
        Annotated[float, meta("Pictures per second to ask for.", ge=0.1, le=240, examples=[25.0])]
        | None
    ) = None
    standard: Annotated[
        str,
        meta("Analogue standard.", max_length=16, examples=["PAL"], check=values.printable),
    ] = ""
    input: Annotated[
        str,
        meta(
            "Socket of the device: its number or name.",
            max_length=32,
            examples=["0"],
            check=values.printable,
        ),
    ] = ""
    crop: Annotated[
        tuple[_Side, ...],
        meta(
            "The part that is kept, in pixels of the device.",
            examples=[[8, 0, 704, 576]],
            allowed="four whole numbers: left, top, columns, rows",
        ),
    ] = ()
    range: Annotated[
        Literal["", "full", "limited", "measured"],
        meta("Luma of black and white: 0 and 255, 16 and 235, or as measured.", examples=["full"]),
    ] = ""
    measured: Annotated[
        tuple[Annotated[int, Meta(ge=0, le=255)], ...],
        meta(
            "Luma of black and white where range is measured.",
            examples=[[]],
            allowed="two whole numbers from 0 to 255",
        ),
    ] = ()
    matrix: Annotated[
        Literal["", "601", "709"], meta("From YCbCr to RGB, by the ITU's number.", examples=["601"])
    ] = ""
    fields: Annotated[
        Literal["", "progressive", "weave", "double", "bwdif"],
        meta(
            "How two fields become a picture: as they come, woven where nothing moved, one field "
            "doubled, or bwdif for clips.",
            examples=["weave"],
        ),
    ] = ""
    pixel_aspect: Annotated[
        tuple[Annotated[int, Meta(ge=1, le=65535)], ...],
        meta(
            "Vertical and horizontal size of a pixel in proportion.",
            examples=[[54, 59]],
            allowed="two whole numbers; absent: what the device says",
        ),
    ] = ()
    grey: Annotated[bool, meta("Luma only: grey modalities.", examples=[True])] | None = None
    lossy: Annotated[bool, meta("Compressed is wanted.", examples=[False])] | None = None
    no_signal: Annotated[
        tuple[
            Annotated[
                str,
                Meta(min_length=1, max_length=1024),
                meta("", check=values.signature, allowed="a learnt signature"),
            ],
            ...,
        ],
        meta("What the grabber shows without a signal, as learnt.", examples=[[]]),
    ] = ()
    flat_is_no_signal: (
        Annotated[bool, meta("A picture of one colour, or of bars, is no signal.", examples=[True])]
        | None
    ) = None
    freeze_seconds: (
        Annotated[
            float,
            meta(
                "An unchanged picture counts as frozen after so many seconds; 0: never.",
                ge=0,
                le=3600,
                examples=[1.5],
            ),
        ]
        | None
    ) = None
    edid: Annotated[
        str, file("File with the EDID that the source is shown; empty: left alone.", "")
    ] = ""
