"""The front panel on the pins of the board: foot switches, exposure line, lamps, buzzer.

Everything goes through the RPi.GPIO programming interface, which RPi.GPIO provides on older
kernels and rpi-lgpio on current ones and on the Pi 5; the simulated module provides it everywhere.
"""
