"""What a file holds besides what is seen or heard, taken out without touching the rest: one module per container.

Pictures come and go as bytes; sound comes as a map of its file and leaves in pieces.
"""
