"""Pedals and scanners that pretend to be keyboards.

Such a device types into whatever has the focus, so it is grabbed: nobody else sees its keys. Only
devices that a person has paired are touched; any other keyboard is left to the desktop and never
triggers anything.
"""
