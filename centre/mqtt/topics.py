"""The topics, and what Home Assistant is told so that it shows centre and units by itself.

Its "device discovery" (Home Assistant 2024.11 and newer): one retained message for each device, which names its
entities. https://www.home-assistant.io/integrations/mqtt/#device-discovery-payload
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Final, TypeAlias

Words: TypeAlias = Mapping[str, str]
_COUNT: Final[Words] = {"platform": "sensor", "state_class": "measurement", "entity_category": "diagnostic"}
_PROBLEM: Final[Words] = {"platform": "binary_sensor", "device_class": "problem"}
_OF_BOTH: Final[Mapping[str, Words]] = {
    "problem": {"name": "Problem", **_PROBLEM},
    "alarms": {"name": "Open alarms", **_COUNT},
}
_OF_UNIT: Final[Mapping[str, Words]] = {
    "connected": {"name": "Heard of", "platform": "binary_sensor", "device_class": "connectivity"},
    **_OF_BOTH,
    "entries_to_come": {"name": "Entries to come", **_COUNT},
    "photos_to_come": {"name": "Photos to come", **_COUNT},
    "clock_s": {"name": "Clock off by", **_COUNT, "device_class": "duration", "unit_of_measurement": "s"},
    "free_mib": {"name": "Free on disk", **_COUNT, "device_class": "data_size", "unit_of_measurement": "MiB"},
}
_OF_CENTRE: Final[Mapping[str, Words]] = {
    **_OF_BOTH,
    "units": {"name": "Active units", **_COUNT},
    "silent": {"name": "Silent units", **_COUNT},
    "free_percent": {"name": "Free on disk", **_COUNT, "unit_of_measurement": "%"},
    "certificate_days": {
        "name": "Certificate ends in",
        **_COUNT,
        "device_class": "duration",
        "unit_of_measurement": "d",
    },
}
"""Field of the document -> its entity."""


@dataclass(frozen=True, slots=True)
class Topics:
    """The topics of the centre *name* below *root*, and those of discovery below *discovery* (empty: none)."""

    name: str
    root: str
    discovery: str

    @property
    def availability(self) -> str:
        """``online`` or ``offline``: whether the centre runs."""
        return f"{self.root}/{self.name}/availability"

    @property
    def centre(self) -> str:
        """The centre's document."""
        return f"{self.root}/{self.name}/state"

    @property
    def all_units(self) -> str:
        """Matches the document of every unit."""
        return f"{self.root}/{self.name}/units/+"

    def unit(self, serial: str) -> str:
        """The unit's document."""
        return f"{self.root}/{self.name}/units/{serial}"

    def announcement(self, serial: str | None) -> str:
        """Where discovery looks for the unit *serial*, or for the centre."""
        return f"{self.discovery}/device/{self._id(serial)}/config"

    def announce(self, serial: str | None) -> Mapping[str, object]:
        """What discovery is told of the unit *serial*, or of the centre."""
        own, of_centre = self._id(serial), self._id(None)
        device = {"identifiers": [own], "manufacturer": "Autovelox"}
        if serial is None:
            device |= {"name": f"Autovelox centre {self.name}", "model": "centre", "sw_version": _version()}
        else:
            device |= {"name": f"Autovelox {serial}", "model": "unit", "serial_number": serial, "via_device": of_centre}
        entities = _OF_CENTRE if serial is None else _OF_UNIT
        return {
            "device": device,
            "origin": {"name": "autovelox-centre", "sw_version": _version()},
            "state_topic": self.centre if serial is None else self.unit(serial),
            "availability_topic": self.availability,
            "qos": 1,
            "components": {
                field: {"unique_id": f"{own}_{field}", "value_template": f"{{{{ value_json.{field} }}}}", **words}
                for field, words in entities.items()
            },
        }

    def _id(self, serial: str | None) -> str:
        """Of letters and digits alone, which discovery asks for: a serial number may hold a dot."""
        text = f"{self.name}\n{serial or ''}".encode()
        return f"autovelox_{hashlib.sha256(text).hexdigest()[:16]}"


def _version() -> str:
    return version("autovelox")
