"""HTTPS: routes for units, limits, problems. ``openapi.json`` describes the interface."""

from centre.web.app import application
from centre.web.limits import Limits
from centre.web.problems import as_json
from centre.web.routes import ROUTES, Office

__all__ = ["ROUTES", "Limits", "Office", "application", "as_json"]
