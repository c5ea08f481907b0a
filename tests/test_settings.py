"""Settings: read from the environment, refused loudly."""

from __future__ import annotations

from pathlib import Path

import pytest

import settings


def test_everything_has_a_default() -> None:
    chosen = settings.load({})
    assert (chosen.HOST, chosen.PORT) == ("127.0.0.1", 5000)
    assert settings.ROOT / "instance" == chosen.INSTANCE_DIR


def test_an_empty_value_is_the_default() -> None:
    assert settings.load({"PORT": " "}).PORT == 5000


def test_the_environment_overrides_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("PORT=7001\nHOST=0.0.0.0\n")
    monkeypatch.setattr(settings, "ROOT", tmp_path)
    monkeypatch.setenv("PORT", "7002")
    monkeypatch.delenv("HOST", raising=False)
    chosen = settings.load()
    assert (chosen.HOST, chosen.PORT) == ("0.0.0.0", 7002)


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:////var/lib/parley.db",
        "mysql+pymysql://chat:p%40ss%3Aw%2Frd%251%23@db.example:3306/chat?charset=utf8mb4",
    ],
)
def test_a_database_url_is_taken(url: str) -> None:
    assert url == settings.load({"DATABASE_URL": url}).DATABASE_URL


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "0"),
        ("PORT", "65536"),
        ("PORT", "http"),
        ("PORT", "-1"),
        ("PORT", "5000.5"),
        ("PORT", "٥٠٠٠"),
        ("DATABASE_URL", "postgresql://localhost/chat"),
        ("DATABASE_URL", "chat.db"),
        ("DATABASE_URL", "mysql+pymysql://chat:secret@db:port/chat"),
        ("DATABASE_URL", "mysql://chat@db/chat"),
        ("REDIS_URL", "localhost:6379"),
        ("SECRET_KEY", "short"),
        ("TRUSTED_PROXIES", "yes"),
        ("PASSWORD_MIN_LENGTH", "3"),
        ("SIGN_IN_RATE", "often"),
        ("MESSAGE_RATE", "10"),
        ("GUESTS", "on"),
        ("GUESTS", "Public"),
        ("GUEST_DAYS", "0"),
        ("GUEST_DAYS", "31"),
        ("GUEST_MESSAGE_RATE", "seldom"),
        ("GUEST_EVENT_RATE", "5"),
        ("IMAGE_MAX_MB", "0"),
        ("AUDIO_MAX_MB", "2 GB"),
        ("IMAGE_MEGAPIXELS", "0"),
        ("FILE_FORMATS", "png svg"),
        ("FILE_FORMATS", "png,gif"),
        ("UPLOAD_RATE", "rarely"),
        ("ACCEL_LOCATION", "protected"),
        ("ACCEL_LOCATION", "/protected"),
        ("ACCEL_LOCATION", "/"),
        ("ACCEL_LOCATION", "/../"),
        ("STORAGE", "/srv/files"),
        ("STORAGE", "s3://bucket"),
        ("STORAGE", "s3://key@host/bucket"),
        ("STORAGE", "s3://key:secret@host"),
        ("STORAGE", "s3://key:se/cret@host/bucket"),
        ("STORAGE", "https://key:secret@host/bucket"),
    ],
)
def test_a_wrong_value_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(settings.SettingError, match=f"^The setting {name} .*\\.$"):
        settings.load({name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [("DATABASE_URL", "mysql+pymysql://chat:hidden@db:port/chat"), ("STORAGE", "s4://key:hidden@host/bucket")],
)
def test_a_refused_url_does_not_show_its_password(name: str, value: str) -> None:
    with pytest.raises(settings.SettingError) as refused:
        settings.load({name: value})
    assert "hidden" not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "s3://KEY:SECRET@s3.example/bucket",
        "s3://KEY:a%2Fb%3Ac%40d@127.0.0.1:9000/my-bucket.1?region=eu-west-1&tls=0",
    ],
)
def test_a_store_is_taken(url: str) -> None:
    assert url == settings.load({"STORAGE": url}).STORAGE


def test_formats_are_names() -> None:
    assert {"png", "flac"} == settings.load({"FILE_FORMATS": "png  flac"}).FILE_FORMATS
    assert len(settings.load({}).FILE_FORMATS) == 12
