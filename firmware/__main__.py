"""``python -m firmware`` is the same as ``gantry``."""

from firmware.cli import main

if __name__ == "__main__":
    main(prog_name="gantry")
