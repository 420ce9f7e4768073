"""The demonstration: a box and a hospital on loopback, three exams on clinical pixel data."""

from firmware.demo.play import Outcome, play

__all__ = ["Outcome", "play"]
