"""The store of files in a bucket of an S3-compatible server, by boto3. Imported only where the setting asks for it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qsl, unquote, urlsplit

import boto3
from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from chat.storage import CHUNK, Storage, Stored, Stream

T = TypeVar("T")

PART = 8 * 1024 * 1024  # bytes


class Bucket(Storage):
    """A bucket of an S3-compatible store, by boto3.

    Its sockets wait as ours do, so it works in the loop and not in the thread pool, whose threads could not share its
    locks; large files go up in parts, so that computing their signatures holds nobody up for long.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        options = dict(parse_qsl(parts.query))
        self.name = parts.path.strip("/")
        self._client = _client(
            f"{'http' if options.get('tls') == '0' else 'https'}://{parts.netloc.rpartition('@')[2]}",
            options.get("region", "us-east-1"),
            unquote(parts.username or ""),
            unquote(parts.password or ""),
        )

    def put(self, key: str, path: Path) -> None:
        parts = TransferConfig(multipart_threshold=PART, multipart_chunksize=PART, use_threads=False)
        _asked(lambda: self._client.upload_file(str(path), self.name, key, Config=parts))
        path.unlink()

    def open(self, key: str, start: int = 0, length: int | None = None) -> Stream:
        end = "" if length is None else start + length - 1
        found = _asked(lambda: self._client.get_object(Bucket=self.name, Key=key, Range=f"bytes={start}-{end}"))
        return _ObjectStream(found["Body"])

    def size(self, key: str) -> int | None:
        try:
            return int(_asked(lambda: self._client.head_object(Bucket=self.name, Key=key))["ContentLength"])
        except FileNotFoundError:
            return None

    def delete(self, key: str) -> None:
        _asked(lambda: self._client.delete_object(Bucket=self.name, Key=key))

    def listed(self, shard: str) -> Iterator[Stored]:
        pages = iter(self._client.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=f"{shard}/"))
        while (page := _asked(lambda: next(pages, None))) is not None:
            for found in page.get("Contents", ()):
                yield Stored(found["Key"], found["Size"], found["LastModified"].timestamp())


class _ObjectStream(Stream):
    def __init__(self, body: Any) -> None:
        self._body = body

    def __next__(self) -> bytes:
        time.sleep(0)  # a store that is quick would let nobody else go on
        piece: bytes = _asked(lambda: self._body.read(CHUNK))
        if not piece:
            raise StopIteration
        return piece

    def close(self) -> None:
        self._body.close()


def _client(endpoint: str, region: str, account: str, secret: str) -> Any:
    how = Config(
        signature_version="s3v4",
        s3={"addressing_style": "path"},
        connect_timeout=5,
        read_timeout=30,
        retries={"max_attempts": 3, "mode": "standard"},
        max_pool_connections=50,
        # Stores other than Amazon's do not all know the newer checksums.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name=region,
        aws_access_key_id=account,
        aws_secret_access_key=secret,
        config=how,
    )


def _asked(question: Callable[[], T]) -> T:
    """What the store answers; its refusals as OSError, as they are of a folder."""
    try:
        return question()
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in ("NoSuchKey", "404", "NotFound"):
            raise FileNotFoundError(str(error)) from None
        raise OSError(str(error)) from error
    except (BotoCoreError, Boto3Error) as error:
        raise OSError(str(error)) from error
