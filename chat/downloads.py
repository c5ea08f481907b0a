"""What is fetched of a file: itself or a thumbnail, and how it is named where it is saved."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime

from chat import files, storage
from chat.errors import Internal, NotFound
from models import User

THUMBNAIL_TYPE = "image/webp"

log = logging.getLogger("parley")


@dataclass(frozen=True)
class Content:
    """`tag` names these bytes for ever; `size` is theirs."""

    key: str
    tag: str
    type: str
    size: int
    name: str
    created_at: datetime
    is_saved: bool = False  # always saved under its name, never shown

    def open(self, start: int, length: int) -> storage.Stream:
        """Raises NotFound where the store has lost it."""
        try:
            return storage.current().open(self.key, start, length)
        except FileNotFoundError:
            log.error("the content of a file is not in the store: %s", self.key)
            raise NotFound() from None
        except OSError as error:
            log.error("the store cannot be read: %s", error)
            raise Internal() from None

    @property
    def is_local(self) -> bool:
        return storage.current().local_path(self.key) is not None


def content(actor: User, file_id: str, variant: str = "") -> Content:
    """The file, or its thumbnail `small` or `large`; where there is none, the file itself. Raises NotFound."""
    file, blob = files.visible_to(actor, file_id)
    size = {"small": blob.small_size, "large": blob.large_size}.get(variant)
    if size is None:
        return Content(storage.key(blob.id), blob.id, blob.type, blob.size, file.name, blob.created_at)
    key = storage.key(blob.id, variant)
    return Content(key, f"{blob.id}-{variant}", THUMBNAIL_TYPE, size, file.name, blob.created_at)
