"""Where uploads and files lie."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask


@pytest.fixture
def folder(app: Flask) -> Path:
    found: Path = app.config["SETTINGS"].UPLOAD_DIR
    return found
