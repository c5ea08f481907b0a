"""What every answer carries: a strict content security policy; no cache keeps a signed-in person's pages."""

from __future__ import annotations

from flask import Response

from routes.doors import known_actor

# No inline script or style, nothing from elsewhere; lit-html's templates are the only HTML made in the page.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "media-src 'self' blob:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types lit-html",
    )
)


def secure(response: Response) -> Response:
    """For `after_request`."""
    headers = response.headers
    headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=(self)")
    if "Cache-Control" not in headers:
        # Signed out, pages differ by cookie too: the form's token, the language.
        headers["Cache-Control"] = "no-store" if known_actor() else "private, no-cache"
    return response
