"""The web application for units."""

from __future__ import annotations

from aiohttp import web

from centre.web.problems import answer_problems
from centre.web.routes import OFFICE, ROUTES, Office

SHA256 = "{sha256:[0-9a-f]{64}}"


def application(office: Office) -> web.Application:
    """The application that answers with *office*."""
    app = web.Application(middlewares=[answer_problems], client_max_size=max(office.entries_bytes, office.blob_bytes))
    app[OFFICE] = office
    for method, path, handler in ROUTES:
        app.router.add_route(method, path.replace("{sha256}", SHA256), handler)
    return app
