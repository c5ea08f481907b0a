"""The HTTP door: a blueprint a file. Each view reads its input, calls one function of `chat/`, and answers."""
