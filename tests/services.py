"""Real throw-away servers beside ours, on free loopback ports and in folders of their own; a pytest plugin.

A service that cannot be had skips its tests on an ordinary machine and fails them where CI is set.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import NoReturn, Protocol, Self

import pymysql
import pytest
import redis
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from sqlalchemy.engine import URL

from tests.servers import REPOSITORY, free_port, wait_until

START_SECONDS = 60
STOP_SECONDS = 30

IN_CI = bool(os.environ.get("CI"))
PATH = os.environ["PATH"] + ":/usr/sbin:/sbin"  # Debian leaves servers out of an ordinary account's PATH


def missing(what: str) -> NoReturn:
    if IN_CI:
        pytest.fail(f"{what} is missing here", pytrace=False)
    else:
        pytest.skip(f"{what} is missing here")


def program(name: str) -> str:
    return shutil.which(name, path=PATH) or missing(name)


def mysql_script() -> Path | None:
    """The script that starts a real MySQL. It lies beside the repository, not in it."""
    folders = [os.environ.get("PARLEY_SHARED"), REPOSITORY.parent / "shared"]
    scripts = (Path(folder) / "bin" / "mysql-server" for folder in folders if folder)
    return next((script for script in scripts if script.is_file()), None)


# Where nothing can start a real MySQL, its tests are not there to be skipped, and the report's head says so.
WITH_MYSQL = IN_CI or mysql_script() is not None
SERVERS = ["mariadb", "mysql"] if WITH_MYSQL else ["mariadb"]
DATABASES = ["sqlite", *SERVERS]


def pytest_report_header() -> str:
    return f"databases: {', '.join(DATABASES)}" + ("" if WITH_MYSQL else " (no ../shared, so no real MySQL)")


class Service:
    """A server process in a folder that is deleted with it."""

    name: str

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix=f"parley-{self.name}-"))
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self.prepare()
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exc_info: object) -> None:
        if self.process is not None:
            self.stop()
        shutil.rmtree(self.folder)

    def prepare(self) -> None:
        """Fill the folder, once."""

    def command(self) -> list[str]:
        raise NotImplementedError

    def answers(self) -> bool:
        raise NotImplementedError

    def start(self) -> None:
        log = self.folder / "log"
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
            )
        wait_until(self._is_up, START_SECONDS, f"a running {self.name}")

    def stop(self) -> None:
        assert self.process is not None
        self.process.terminate()
        self.process.wait(STOP_SECONDS)
        self.process = None

    def _is_up(self) -> bool:
        assert self.process is not None
        if self.process.poll() is not None:
            raise AssertionError(f"{self.name} ended early:\n{(self.folder / 'log').read_text()}")
        return self.answers()


@dataclass
class Account:
    """How the tests reach a database server: as root, who makes databases, and as the account Parley uses."""

    port: int
    user: str
    password: str

    def url(self, database: str) -> str:
        url = URL.create(
            "mysql+pymysql", self.user, self.password, "127.0.0.1", self.port, database, {"charset": "utf8mb4"}
        )
        return url.render_as_string(hide_password=False)

    def connect(self, database: str | None = None) -> pymysql.Connection:
        return pymysql.connect(
            host="127.0.0.1",
            port=self.port,
            user=self.user,
            password=self.password,
            database=database,
            charset="utf8mb4",
            autocommit=True,
        )

    def execute(self, *statements: str, database: str | None = None) -> None:
        with self.connect(database) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)


class DatabaseServer(Protocol):
    root: Account
    chat: Account
    collations: tuple[str, ...]


class MariaDB(Service):
    """MariaDB, as Debian packages it, durable as it is by default."""

    name = "mariadb"
    password = "p@ss:w/rd%1#x"
    # The first is what a test's database is made with; our tables may depend on none of them.
    collations = ("latin1_swedish_ci", "utf8mb4_general_ci", "utf8mb4_unicode_ci")

    def prepare(self) -> None:
        self.root = Account(self.port, "root", "")
        self.chat = Account(self.port, "chat", self.password)
        self.data = self.folder / "data"
        self.data.mkdir()
        if self._as_mysql():
            owner = pwd.getpwnam("mysql")
            self.folder.chmod(0o755)
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)
            os.chown(self.data, owner.pw_uid, owner.pw_gid)
        subprocess.run(
            [
                program("mariadb-install-db"),
                "--no-defaults",
                *self._as_mysql(),
                f"--datadir={self.data}",
                "--auth-root-authentication-method=normal",
                "--skip-test-db",
            ],
            check=True,
            capture_output=True,
        )
        self.start()
        self.root.execute(
            f"CREATE USER 'chat'@'%' IDENTIFIED BY '{self.password}'",
            "GRANT ALL ON `chat%`.* TO 'chat'@'%'",
        )
        self.stop()

    def command(self) -> list[str]:
        return [
            program("mariadbd"),
            "--no-defaults",
            *self._as_mysql(),
            f"--datadir={self.data}",
            f"--port={self.port}",
            "--bind-address=127.0.0.1",
            f"--socket={self.folder / 'socket'}",
            f"--pid-file={self.folder / 'pid'}",
        ]

    def answers(self) -> bool:
        try:
            self.root.connect().close()
        except pymysql.OperationalError:
            return False
        else:
            return True

    def _as_mysql(self) -> list[str]:
        """mariadbd refuses to run as root."""
        return ["--user=mysql"] if os.geteuid() == 0 else []


class MySQL:
    """A real MySQL, from the script beside the repository."""

    password = "p@ss:w/rd%1"
    collations = ("utf8mb4_0900_ai_ci", "latin1_swedish_ci", "utf8mb4_general_ci")

    def __init__(self) -> None:
        self.script = mysql_script() or missing("real MySQL (../shared/bin/mysql-server)")
        if os.geteuid() != 0:
            missing("root, whom real MySQL needs,")
        self.port = free_port()
        self.root = Account(self.port, "root", "")
        self.chat = Account(self.port, "chat", self.password)

    def __enter__(self) -> Self:
        self._run("start")
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._run("stop")

    def _run(self, what: str) -> None:
        done = subprocess.run(
            [self.script, what, str(self.port)], stdin=subprocess.DEVNULL, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr


class Redis(Service):
    name = "redis"

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def command(self) -> list[str]:
        return [
            program("redis-server"),
            *("--port", str(self.port)),
            *("--bind", "127.0.0.1"),
            *("--dir", str(self.folder)),
            *("--save", ""),
        ]

    def answers(self) -> bool:
        try:
            with redis.Redis(port=self.port) as client:
                return bool(client.ping())
        except redis.ConnectionError:
            return False


class Nginx(Service):
    """nginx with our own deploy/nginx.conf, in front of one app."""

    name = "nginx"

    def __init__(self, app_port: int, uploads: Path | None = None) -> None:
        super().__init__()
        self.app_port = app_port
        self.uploads = uploads or self.folder
        self.https_port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.https_url = f"https://127.0.0.1:{self.https_port}"
        self.certificate = self.folder / "certificate.pem"

    def prepare(self) -> None:
        site = (REPOSITORY / "deploy" / "nginx.conf").read_text()
        site = replaced(site, "server 127.0.0.1:5000;", f"server 127.0.0.1:{self.app_port};")
        site = replaced(site, "listen 80;", f"listen 127.0.0.1:{self.port};")
        site = replaced(site, "listen 443 ssl;", f"listen 127.0.0.1:{self.https_port} ssl;")
        site = replaced(site, "/etc/ssl/parley/fullchain.pem", str(self.certificate))
        site = replaced(site, "/etc/ssl/parley/privkey.pem", str(self.folder / "key.pem"))
        site = replaced(site, "/srv/parley/uploads/", f"{self.uploads}/")
        (self.folder / "site.conf").write_text(site)
        sign_for_loopback(self.certificate, self.folder / "key.pem")
        (self.folder / "nginx.conf").write_text(
            # One process, as ourselves: nginx run by root would have workers who may not read this folder.
            "daemon off; master_process off; pid pid; error_log stderr; events {}\n"
            "http {\n"
            "  access_log off; client_body_temp_path body; proxy_temp_path proxy;\n"
            "  fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;\n"
            "  include site.conf;\n"
            "}\n"
        )

    def command(self) -> list[str]:
        return [program("nginx"), "-e", "stderr", "-p", str(self.folder), "-c", "nginx.conf"]

    def answers(self) -> bool:
        try:
            return requests.get(f"{self.url}/healthz", timeout=START_SECONDS).ok
        except requests.ConnectionError:
            return False


def sign_for_loopback(certificate: Path, key: Path) -> None:
    """Write a certificate for 127.0.0.1, good for a day, and its key."""
    secret = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(secret.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(secret, hashes.SHA256())
    )
    certificate.write_bytes(signed.public_bytes(Encoding.PEM))
    key.write_bytes(secret.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def replaced(text: str, old: str, new: str) -> str:
    assert text.count(old) == 1, f"{old!r} is not once in the file"
    return text.replace(old, new)


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[MariaDB]:
    with MariaDB() as server:
        yield server


@pytest.fixture(scope="session")
def mysql_server() -> Iterator[MySQL]:
    with MySQL() as server:
        yield server


@pytest.fixture(scope="session")
def redis_server() -> Iterator[Redis]:
    with Redis() as server:
        yield server


@pytest.fixture
def redis_url(redis_server: Redis) -> str:
    """An empty Redis."""
    with redis.Redis(port=redis_server.port) as client:
        client.flushall()
    return redis_server.url


@pytest.fixture(params=SERVERS)
def database_server(request: pytest.FixtureRequest) -> DatabaseServer:
    return request.getfixturevalue(f"{request.param}_server")


@pytest.fixture
def make_database() -> Iterator[Callable[[DatabaseServer, str], str]]:
    """Makes empty databases with a default collation, and returns their names; they are dropped at the end."""
    made: list[tuple[DatabaseServer, str]] = []

    def make(server: DatabaseServer, collation: str) -> str:
        name = f"chat_{secrets.token_hex(6)}"
        charset = collation.split("_")[0]
        server.root.execute(f"CREATE DATABASE {name} CHARACTER SET {charset} COLLATE {collation}")
        made.append((server, name))
        return name

    yield make
    for server, name in made:
        server.root.execute(f"DROP DATABASE {name}")


@pytest.fixture(params=DATABASES)
def database_url(
    request: pytest.FixtureRequest, tmp_path: Path, make_database: Callable[[DatabaseServer, str], str]
) -> str:
    """The URL of a fresh, empty database, once for each kind; those of servers have a default that is not ours."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'chat.sqlite3'}"
    else:
        server: DatabaseServer = request.getfixturevalue(f"{request.param}_server")
        return server.chat.url(make_database(server, server.collations[0]))
