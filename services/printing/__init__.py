"""Printing: printers and what they can do, print jobs, and their way to the film."""
