"""Turns untrusted bytes into clean files, each in a process of its own with limits. Knows nothing of the chat."""

from media.processes import clean
from media.shapes import FORMATS, Format, Limits, Made, Refused

# Names what is made of a file, so that content cleaned by another recipe is not taken for the same.
RECIPE = "1"

__all__ = ["FORMATS", "RECIPE", "Format", "Limits", "Made", "Refused", "clean"]
