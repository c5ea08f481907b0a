"""Django Channels with its layer in memory, to be served by Daphne: `daphne bench.peers.channels_chat:application`.

As its tutorial has it: an asynchronous consumer, JSON over a WebSocket, groups; one ORM insert for each message where
CHANNELS_DATABASE names a database, by PyMySQL. Whoever connects is whom the address says: `?person=1&rooms=1,2`.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import django
import pymysql
from django.conf import settings

pymysql.version_info = (2, 2, 8, "final", 0)  # Django asks for mysqlclient's, whose place it takes
pymysql.install_as_MySQLdb()


def database(url: str) -> dict[str, Any]:
    place = urlsplit(url)
    return {
        "ENGINE": "django.db.backends.mysql",
        "NAME": place.path.lstrip("/"),
        "USER": unquote(place.username or ""),
        "PASSWORD": unquote(place.password or ""),
        "HOST": place.hostname,
        "PORT": place.port,
        "OPTIONS": {"charset": "utf8mb4", "ssl_disabled": True},
        "CONN_MAX_AGE": None,
    }


URL = os.environ.get("CHANNELS_DATABASE", "")
settings.configure(
    SECRET_KEY="of no use",
    ALLOWED_HOSTS=["*"],
    USE_TZ=True,
    DATABASES={"default": database(URL)} if URL else {},
    # With its hundred messages a channel the layer would throw away what is sent while a client is slow.
    CHANNEL_LAYERS={"default": {"BACKEND": "channels.layers.InMemoryChannelLayer", "CONFIG": {"capacity": 1_000_000}}},
)
django.setup()

from channels.generic.websocket import AsyncJsonWebsocketConsumer  # noqa: E402
from channels.routing import ProtocolTypeRouter  # noqa: E402
from django.db import models  # noqa: E402


class Told(models.Model):
    id = models.BigAutoField(primary_key=True)
    room_id = models.BigIntegerField()
    sender_id = models.BigIntegerField()
    client_id = models.CharField(max_length=36)
    body = models.TextField()
    created_at = models.DateTimeField()

    class Meta:
        app_label = "peers"
        db_table = "told"


class Chat(AsyncJsonWebsocketConsumer):
    async def connect(self) -> None:
        query = parse_qs(self.scope["query_string"].decode())
        self.person = int(query["person"][0])
        names = [f"user.{self.person}", *(f"room.{room}" for room in query.get("rooms", [""])[0].split(",") if room)]
        self.joined = names
        for name in names:
            await self.channel_layer.group_add(name, self.channel_name)
        await self.accept()

    async def disconnect(self, _code: int) -> None:
        for name in self.joined:
            await self.channel_layer.group_discard(name, self.channel_name)

    async def receive_json(self, content: dict[str, Any]) -> None:
        now, number = datetime.now(UTC), content.pop("number")
        del content["type"]
        sender = {"id": self.person, "name": f"Person {self.person}"}
        message = {**content, "sender": sender, "created_at": now.isoformat()}
        if URL:
            values = {name: content[name] for name in ("room_id", "client_id", "body")}
            row = await Told.objects.acreate(sender_id=self.person, created_at=now, **values)
            message["id"] = row.id
        told = {"type": "message.sent", "message": message}
        if "to" in content:
            for other in (content["to"], self.person):
                await self.channel_layer.group_send(f"user.{other}", told)
        else:
            await self.channel_layer.group_send(f"room.{content['room_id']}", told)
        await self.send_json({"type": "answer", "number": number, "ok": True, "message": message})

    async def message_sent(self, event: dict[str, Any]) -> None:
        await self.send_json({"type": "message_sent", "message": event["message"]})


application = ProtocolTypeRouter({"websocket": Chat.as_asgi()})
