"""HTTPS: routes for units, limits, problems. ``openapi.json`` describes the interface."""

from centre.web.app import application
from centre.web.limits import Limits, network_of
from centre.web.problems import answer_problems, as_json
from centre.web.routes import PLACE_S, ROUTES, Office

__all__ = ["PLACE_S", "ROUTES", "Limits", "Office", "answer_problems", "application", "as_json", "network_of"]
