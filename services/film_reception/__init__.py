"""The box as a film printer: scanners that can only print send their sheets here (PS3.4 annex H).

A sheet is durable before its print request is answered with success. From then on it is the box's
own: its pictures go into the open exam or wait to be matched, and it is printed on paper.
"""
