"""Builds the application and serves it, nothing else: `python app.py`; `create_app()` for tests and commands."""

if __name__ == "__main__":
    # Before any other import: whatever is imported first keeps the blocking functions.
    import warnings

    # eventlet announces its retirement at import. Leaving is kept cheap (docs/architecture.md); users can do nothing.
    warnings.filterwarnings("ignore", message=r"(?s).*Eventlet is deprecated")
    import eventlet

    eventlet.monkey_patch()

import gc
import logging
import os
import secrets
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.middleware.proxy_fix import ProxyFix

import chat.exports
import cli
import events
import jobs
import settings as settings_
from chat import accounts, admission, broadcasts, departures, formats, incoming, limits, storage
from extensions import babel, csrf, db, engines, login_manager, migrate, socketio, tune
from migrations import state
from realtime import codec, connections, fanout, loop, server
from routes import (
    assets,
    auth,
    catalogue,
    doors,
    entrances,
    errors,
    exports,
    files,
    headers,
    health,
    history,
    pages,
    panel,
    profile,
    rooms,
    search,
    slots,
    uploads,
)

LOCALES = {"en": "English", "ru": "Русский", "zh": "中文"}
# Objects made since the last look for garbage, and looks of each kind. By default it is seven hundred, and looking was
# an eighth of what it costs to let two thousand people in.
GARBAGE = 20_000, 10, 10
FORM_MAX = 256 * 1024  # bytes of a form or a Socket.IO packet; files have their own limit

log = logging.getLogger("parley")


def create_app(settings: settings_.Settings | None = None) -> Flask:
    """The application, ready to be served or tested; the database is not touched. Raises SettingError, OSError."""
    chosen = settings or settings_.load()
    make_folder(chosen.INSTANCE_DIR)
    app = Flask(__name__, static_folder=None, instance_path=str(chosen.INSTANCE_DIR))
    app.config.from_mapping(_configuration(chosen))
    app.session_interface = slots.SlotSessions()
    _configure_extensions(app, chosen)
    _open_doors(app)
    # Outermost last: what a proxy says comes first, then the slot, then Socket.IO's path is looked for.
    app.wsgi_app = slots.Slots(app.wsgi_app)  # type: ignore[method-assign]
    if chosen.TRUSTED_PROXIES:
        hops = chosen.TRUSTED_PROXIES
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    return app


def _configuration(chosen: settings_.Settings) -> dict[str, Any]:
    return {
        "SETTINGS": chosen,
        "LOCALES": LOCALES,
        "SECRET_KEY": chosen.SECRET_KEY or secret_key(chosen.INSTANCE_DIR / "secret_key"),
        "PASSWORD_MIN_LENGTH": chosen.PASSWORD_MIN_LENGTH,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "PERMANENT_SESSION_LIFETIME": accounts.SESSION_LIFETIME,
        "WTF_CSRF_TIME_LIMIT": None,  # as long as the session
        "MAX_CONTENT_LENGTH": FORM_MAX,
        **engines(chosen.DATABASE_URL or f"sqlite:///{chosen.INSTANCE_DIR / 'parley.sqlite3'}"),
    }


def _configure_extensions(app: Flask, chosen: settings_.Settings) -> None:
    db.init_app(app)
    with app.app_context():
        tune()
    migrate.init_app(app, db, directory=str(state.FOLDER), render_as_batch=False)
    csrf.init_app(app)
    babel.init_app(app, locale_selector=catalogue.choose)
    # Templates ask nobody who is signed in: an error has to be shown also while the database is away.
    login_manager.init_app(app, add_context_processor=False)
    login_manager.session_protection = None  # phones change their address
    login_manager.user_loader(doors.load_identity)
    login_manager.unauthorized_handler(errors.sign_in_first)
    limits.configure(
        {
            "message": chosen.MESSAGE_RATE,
            "event": chosen.EVENT_RATE,
            "guest_message": chosen.GUEST_MESSAGE_RATE,
            "guest_event": chosen.GUEST_EVENT_RATE,
            "upload": chosen.UPLOAD_RATE,
            "export": chosen.EXPORT_RATE,
            "search": chosen.SEARCH_RATE,
        },
        lasting={
            "sign_in": chosen.SIGN_IN_RATE,
            "sign_in_name": chosen.SIGN_IN_NAME_RATE,
            "register": chosen.REGISTER_RATE,
        },
        redis_url=chosen.REDIS_URL,
    )
    admission.configure(chosen.GUESTS, chosen.GUEST_DAYS)
    _configure_files(chosen)
    # A lost client is noticed after interval + timeout, and gone after the grace: within 30 seconds.
    socketio.init_app(
        app,
        async_mode=loop.async_mode(),
        # One client's events are handled one after another, in their order.
        async_handlers=False,
        client_manager=fanout.Manager(),
        json=codec,
        serializer=codec.Packet,
        ping_interval=10,
        ping_timeout=10,
        max_http_buffer_size=FORM_MAX,
    )
    events.install(app)
    if loop.is_running():
        quick = events.short_ways(app)
        connections.install(socketio.server, chosen.CLIENT_BUFFER, quick)  # type: ignore[attr-defined]  # not in the stubs


def _configure_files(chosen: settings_.Settings) -> None:
    incoming.configure(chosen.UPLOAD_DIR)
    chat.exports.configure(chosen.INSTANCE_DIR)
    storage.configure(chosen.UPLOAD_DIR, chosen.STORAGE, for_group=bool(chosen.ACCEL_LOCATION))
    formats.configure(chosen.FILE_FORMATS, chosen.IMAGE_MAX_MB, chosen.AUDIO_MAX_MB, chosen.IMAGE_MEGAPIXELS)


def _open_doors(app: Flask) -> None:
    for module in (
        auth,
        pages,
        assets,
        rooms,
        entrances,
        history,
        search,
        profile,
        panel,
        uploads,
        files,
        exports,
        health,
        errors,
    ):
        app.register_blueprint(module.bp)
    app.jinja_env.globals.update(pages.IN_TEMPLATES, locales=list(LOCALES.items()))
    # What a page carries is not compressed (routes/assets.py): neither spaces nor six letters for one of Russian.
    app.jinja_env.policies["json.dumps_kwargs"] = {"separators": (",", ":"), "ensure_ascii": False}
    app.after_request(headers.secure)
    app.after_request(assets.compress)
    cli.register(app)


def make_folder(path: Path) -> None:
    """A folder for the owner alone."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)


def secret_key(path: Path) -> str:
    """The key in the file, made once; two processes that start together agree on one."""
    if not path.exists():
        fresh = path.with_name(f".{path.name}.{os.getpid()}")
        with os.fdopen(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(32))
        with suppress(FileExistsError):
            os.link(fresh, path)  # whole or not at all
        fresh.unlink()
    return path.read_text().strip()


def main() -> None:
    """Prepare the database and serve until told to stop. What keeps it from starting is said in one sentence."""
    os.umask(0o077)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    sys.setswitchinterval(0.0005)  # seconds until a busy thread of the pool gives the interpreter back to the loop
    try:
        app = create_app()
        with app.app_context():
            state.prepare()
            departures.begin()
        host, port = app.config["SETTINGS"].HOST, app.config["SETTINGS"].PORT
        listener = server.listen(host, port)
    except (settings_.SettingError, state.NotReady) as problem:
        sys.exit(f"parley: {problem}")
    except SQLAlchemyError as problem:
        url = make_url(app.config["SQLALCHEMY_DATABASE_URI"])
        reason = str(getattr(problem, "orig", problem)).splitlines()[0]
        sys.exit(f"parley: The database {url.render_as_string(hide_password=True)} cannot be used: {reason}")
    except OSError as problem:
        sys.exit(f"parley: {problem.strerror}: {problem.filename or 'HOST and PORT'}")
    jobs.start(app)
    gc.set_threshold(*GARBAGE)
    gc.freeze()  # what is here now stays: it need not be looked through for garbage again and again
    log.info("Parley is at http://%s:%s", f"[{host}]" if ":" in host else host, port)
    server.serve(listener, app, socketio.server, broadcasts.restarting)  # type: ignore[attr-defined]
    jobs.stop(app)


if __name__ == "__main__":
    main()
