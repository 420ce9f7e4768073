"""Builds the box's SD card image from Debian's packages and this repository.

``python -m image build --variant headless --out build/image``; nothing of it runs on a box.
"""
