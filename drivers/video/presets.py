"""Shipped profiles for common grabbers: a beginning, to be measured and confirmed on the site.

They name no device; :meth:`drivers.video.profile.CaptureProfile.on` gives them one. Still profiles
are lossless at a low rate, since a console's picture hardly moves and USB 2 carries no more.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from drivers.video.profile import CaptureProfile

ANALOGUE_FREEZE = 1.5
"""Seconds. The noise of an analogue source never repeats, so an equal picture is an old one."""

PRESETS: Mapping[str, CaptureProfile] = MappingProxyType(
    {
        profile.name: profile
        for profile in (
            CaptureProfile(
                "hdmi-usb-still", "", "YUYV", 1920, 1080, rate=5, range="limited", matrix="709"
            ),
            CaptureProfile(
                "hdmi-usb-grey", "", "YUYV", 1280, 1024, rate=5, range="limited", grey=True
            ),
            CaptureProfile("hdmi-usb-clip", "", "MJPG", 1920, 1080, rate=30, lossy=True),
            CaptureProfile("hdmi-csi", "", "UYVY", range="limited", matrix="709"),
            CaptureProfile("hdmi-csi-rgb", "", "RGB3"),
            CaptureProfile(
                "composite-pal",
                "",
                "UYVY",
                720,
                576,
                standard="PAL",
                range="limited",
                fields="weave",
                pixel_aspect=(54, 59),
                grey=True,
                freeze_seconds=ANALOGUE_FREEZE,
            ),
            CaptureProfile(
                "composite-pal-clip",
                "",
                "UYVY",
                720,
                576,
                standard="PAL",
                range="limited",
                fields="bwdif",
                pixel_aspect=(54, 59),
                freeze_seconds=ANALOGUE_FREEZE,
            ),
            CaptureProfile(
                "composite-ntsc",
                "",
                "UYVY",
                720,
                480,
                standard="NTSC",
                range="limited",
                fields="weave",
                pixel_aspect=(11, 10),
                grey=True,
                freeze_seconds=ANALOGUE_FREEZE,
            ),
            CaptureProfile("endoscope-clip", "", "MJPG", 1280, 720, rate=30, lossy=True),
            CaptureProfile("frame-grabber-12-bit", "", "Y12"),
        )
    }
)
"""By name."""
