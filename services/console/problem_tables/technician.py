"""Codes 5xxx: configuration, network, clock, sources, hands and support."""

from __future__ import annotations

from services.console.problems import Explanation

_KEPT = "Yes. Images and deliveries are not touched by this."
_UNCHANGED = "Yes. Nothing was changed."

PROBLEMS = {
    "G-5001": Explanation(
        "This console was started without the technician's functions.",
        "yes",
        _KEPT,
        "Start the console with 'gantry run' or its system service.",
        404,
    ),
    "G-5101": Explanation(
        "The configuration has no place {key} for this change.",
        "yes",
        _UNCHANGED,
        "Load the screen again: the file may have been changed meanwhile.",
    ),
    "G-5102": Explanation(
        "The configuration file is not readable as TOML: {said}",
        "yes",
        _UNCHANGED,
        "Go back to an earlier version, or import a sound file.",
    ),
    "G-5103": Explanation(
        "The configuration file {file} cannot be read: {said}",
        "yes",
        _KEPT,
        "Look at its owner and mode, or at the card.",
    ),
    "G-5104": Explanation(
        "Somebody else has changed the configuration meanwhile.",
        "yes",
        _UNCHANGED,
        "Load the screen again, look at what was changed, and make your change anew.",
    ),
    "G-5105": Explanation(
        "The configuration {file} could not be written: {said}",
        "yes",
        "Yes. The file is as it was.",
        "Look whether the card is full or write-protected, then try again.",
    ),
    "G-5106": Explanation(
        "There is no version {number} of the configuration.",
        "yes",
        _UNCHANGED,
        "Choose one of the list.",
        404,
    ),
    "G-5107": Explanation(
        "The box runs on its built-in configuration, which cannot be changed.",
        "yes",
        _UNCHANGED,
        "Write a file with 'gantry config template' and start the box with it.",
    ),
    "G-5201": Explanation(
        "The network cannot be changed from here: {said}",
        "yes",
        _UNCHANGED,
        "Change it in the operating system.",
    ),
    "G-5202": Explanation(
        "This is no value for the network: {value}",
        "yes",
        _UNCHANGED,
        "Correct it: an address with its prefix such as 192.0.2.20/24, a gateway inside the same "
        "network, a VLAN from 1 to 4094.",
    ),
    "G-5203": Explanation(
        "The system refused the change of the network: {said}",
        "yes",
        "Yes. The network is as it was.",
        "If it speaks of permission, this service may not change the network on this box.",
    ),
    "G-5204": Explanation(
        "There is no change of the network to confirm any more: the minute has passed.",
        "yes",
        "Yes. The network is as it was before the change.",
        "Make the change again and confirm it within a minute.",
    ),
    "G-5301": Explanation(
        "The clock cannot be set by hand: {said}",
        "yes",
        _UNCHANGED,
        "Correct the time server instead.",
    ),
    "G-5302": Explanation(
        "This is no time that the clock can be set to: {value}",
        "yes",
        _UNCHANGED,
        "Enter date and time again.",
    ),
    "G-5303": Explanation(
        "The system refused to set the clock: {said}",
        "yes",
        _UNCHANGED,
        "If it speaks of permission, this service may not set the clock on this box.",
    ),
    "G-5401": Explanation(
        "The source {source} gave no picture: {said}",
        "yes",
        _KEPT,
        "Check its cable, and that no exam is using it; then freeze again.",
    ),
    "G-5402": Explanation(
        "The source {source} needs no calibration: {said}",
        "yes",
        _KEPT,
        "Choose another source.",
    ),
    "G-5403": Explanation(
        "The frozen picture is not there any more.",
        "yes",
        _KEPT,
        "Freeze a new one.",
        404,
    ),
    "G-5404": Explanation(
        "This cannot be measured: {said}",
        "yes",
        _UNCHANGED,
        "Set the points or the region again.",
    ),
    "G-5405": Explanation(
        "The two rulers differ by {percent} %: the picture is not square.",
        "yes",
        _UNCHANGED,
        "Check points and lengths; if they are right, correct the pixel aspect of the profile. "
        "At most {most} % may remain.",
    ),
    "G-5501": Explanation(
        "This cannot be read as a code: {said}",
        "yes",
        _UNCHANGED,
        "Scan it again.",
    ),
    "G-5502": Explanation(
        "A rule for codes cannot be used: {said}",
        "yes",
        _UNCHANGED,
        "Correct the rule.",
    ),
    "G-5503": Explanation(
        "No part of the code is marked.",
        "yes",
        _UNCHANGED,
        "Tap the first and the last character of the part.",
    ),
    "G-5601": Explanation(
        "The USB stick is not there.",
        "yes",
        _KEPT,
        "Plug it in, wait a moment, and choose it from the list.",
        404,
    ),
    "G-5602": Explanation(
        "The USB stick could not be written: {said}",
        "yes",
        _KEPT,
        "Try another stick.",
    ),
    "G-5701": Explanation(
        "This test is not known any more.",
        "yes",
        _KEPT,
        "Begin it again.",
        404,
    ),
    "G-5702": Explanation(
        "Too many tests run at once.",
        "yes",
        _KEPT,
        "Wait until one has ended.",
    ),
}
