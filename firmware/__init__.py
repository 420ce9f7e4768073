"""What makes it a box: configuration, wiring, supervision and the ``gantry`` command."""
