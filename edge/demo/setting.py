"""The demo's state folder: keys, a fictional registry, chips, and the unit's configuration."""

from __future__ import annotations

import json
import secrets
import shutil
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import date, timedelta
from pathlib import Path

from Crypto.PublicKey import RSA

from edge.cases import create_signing_key
from edge.config import Engine
from edge.crypto import (
    KEY_BYTES,
    Chip,
    Ed25519Key,
    Position,
    UnitCertificate,
    generate_private_key,
    load_chip,
    load_chip_key,
    make_request,
    save_chip,
    save_chip_key,
    write_key,
)
from edge.demo.cast import FOLDER, Cast
from edge.demo.portraits import draw
from edge.demo.unit import DemoFailed
from edge.link import Signing
from edge.registry import create_master_key, create_registry, enrol_driver, load_master_key, migrate_registry

CONFIG = """\
[unit]
authority = "Polizia Locale (demo)"
serial = "AVX-DEMO"
state_dir = "state"

[instrument]
approval = "inventata per la demo"
radar = {{ make = "Demo", model = "ripresa registrata" }}
calibration = {{ certificate = "DEMO-1", laboratory = "inventato", calibrated_on = {today}, valid_until = {in_a_year} }}

[site]
country = "IT"
road = "Via Pracchiuso"
municipality = "Udine (demo)"
direction = "verso il centro"
ordinance = "ordinanza inventata n. 1"

[link]
port = 0
{signed}
[registry]
path = "registry.sqlite"
master_key_file = "master.key"

[radar]
pin_means = "motion"
pin_factory = "mock"

[camera]
kind = "recorded"
manifest = {manifest}

[speed]
limit_kmh = 50.0

[recognition]
engine = "{engine}"
job_timeout_s = 120.0

[verdict]
plate_countries = {countries}
plate_pattern = "[A-Z0-9]{{4,10}}"

[cases]
signing_key_file = "signing.key"

[officers]
socket = "officers.sock"

[metrics]
port = 0
"""


_ROOM_MB = 100
"""What the demo needs on its disk: its unit refuses cases where less than its reserve would be left."""
MARKER = "made-by-autovelox-demo"
"""Name of the file that says that a folder is the demo's own, to be cleared."""
_OWN = {MARKER, "autovelox.toml", "state", "unit.log", "registry.sqlite", "master.key", "signing.key", "enrolled"}
"""What the demo makes, beside chips and the files that SQLite keeps beside the registry."""
_UNIT, _SITE = "AVX-DEMO", "Via Pracchiuso, Udine (demo)"
HERE = Position.of_degrees(46.0673, 13.2411)
_SERIAL, _CHIP, _SIGNING_KEY = f'serial = "{_UNIT}"', ".chip.json", ".signing.key"
_ENROLLED = "with chips of both versions"
"""What the file says that marks a complete registry; one that an earlier program left is made anew."""
_LINK = """versions = [1, 2]
unit_key_file = "unit.key"
unit_certificate = "unit.json"
"""
_DAY_S = 86_400
_ANOTHER = "name a folder that is new or empty with --dir"
_ROOM = "make room, or name a folder on another disk with --dir"


def toml_text(text: str) -> str:
    """*text* as a TOML string: as JSON writes one, but no surrogates for what is beyond the BMP, and no bare DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


class Setting:
    """The files below one folder.

    Attributes:
        folder: the folder.
        config: the unit's configuration.
        state_dir: the unit's state folder.
        log: the unit's log.
    """

    def __init__(
        self,
        folder: Path,
        engine: Engine = "easyocr",
        *,
        manifest: Path = FOLDER / "feed" / "manifest.toml",
        countries: Sequence[str] = ("IT", "NL", "GB", "VN"),
        signed: bool = False,
    ) -> None:
        """Name the files below *folder*; nothing is written.

        Args:
            folder: the demo's own folder.
            engine: what runs the reader.
            manifest: the recorded feed.
            countries: whose plates there may be; none: any.
            signed: whether the unit speaks protocol version 2 as well.
        """
        self.folder = folder
        self._engine = engine
        self._manifest = manifest
        self._countries = countries
        self._signed = signed
        self.config = folder / "autovelox.toml"
        self.state_dir = folder / "state"
        self.log = folder / "unit.log"
        self._registry = folder / "registry.sqlite"
        self._master_key = folder / "master.key"
        self._complete = folder / "enrolled"

    @property
    def is_enrolled(self) -> bool:
        """Whether an earlier run left a complete registry, which is kept because each key takes seconds to make."""
        if not self._complete.is_file():
            return False
        return not self._signed or self._complete.read_text("utf-8", "replace") == _ENROLLED

    def clear(self, *, keep_drivers: bool = True) -> None:
        """Remove what an earlier run left, and write the configuration; a complete registry may be kept.

        Raises:
            DemoFailed: the folder holds something that no demo made, or nothing can be written there.
        """
        try:
            self._require_own_folder()
            self._clear(keep_drivers=keep_drivers)
        except OSError as error:
            raise DemoFailed(f"{self.folder} cannot be used: {error.strerror}", _ANOTHER) from error
        except UnicodeError as error:
            raise DemoFailed(f"{self.folder} cannot be used: its name is no text", _ANOTHER) from error

    def _clear(self, *, keep_drivers: bool) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        if (free_mb := shutil.disk_usage(self.folder).free // 10**6) < _ROOM_MB:
            raise DemoFailed(f"{free_mb} MB are free on the disk of {self.folder}, {_ROOM_MB} are needed", _ROOM)
        (self.folder / MARKER).touch()
        if not keep_drivers:
            self._complete.unlink(missing_ok=True)
        if not self.is_enrolled:
            made = (f"*{_CHIP}", f"*{_SIGNING_KEY}*", "registry.sqlite.counters")
            chips = [left for pattern in made for left in self.folder.glob(pattern)]
            for left in (self._registry, self._master_key, self.folder / "signing.key", *chips):
                left.unlink(missing_ok=True)
        if self.is_enrolled:
            migrate_registry(self._registry, load_master_key(self._master_key))
        shutil.rmtree(self.state_dir, ignore_errors=True)
        self.log.unlink(missing_ok=True)
        if self._signed:
            self._certify()
        manifest, countries = toml_text(str(self._manifest)), json.dumps(list(self._countries))
        today = date.today()
        days = {"today": today.isoformat(), "in_a_year": (today + timedelta(days=365)).isoformat()}
        words = {"manifest": manifest, "engine": self._engine, "countries": countries, **days}
        words["signed"] = _LINK if self._signed else ""
        self.config.write_text(CONFIG.format(**words), encoding="utf-8")

    def _certify(self) -> None:
        """Make the demo's authority anew, the unit's key, and the authority's certificate for it."""
        for name in ("authority.key", "unit.key"):
            (self.folder / name).unlink(missing_ok=True)
        authority, unit = secrets.token_bytes(KEY_BYTES), secrets.token_bytes(KEY_BYTES)
        write_key(self.folder / "authority.key", authority, "the authority's key")
        write_key(self.folder / "unit.key", unit, "the unit's key")
        until = int(time.time()) + 365 * _DAY_S
        certificate = UnitCertificate(_UNIT, Ed25519Key(unit).public_key, _SITE, HERE, until)
        record = certificate.signed_by(Ed25519Key(authority)).record()
        (self.folder / "unit.json").write_text(json.dumps(record), encoding="utf-8")

    def _require_own_folder(self) -> None:
        """Raise :class:`DemoFailed` unless the folder is new, empty, or a demo's, marked or older than the mark."""
        if not self.folder.exists() or (self.folder / MARKER).is_file():
            return
        names = {path.name for path in self.folder.iterdir()}
        strange = {
            name for name in names - _OWN if not name.endswith(_CHIP) and not name.startswith("registry.sqlite-")
        }
        if strange or (names and not (self.config.is_file() and _SERIAL in self.config.read_text("utf-8", "replace"))):
            raise DemoFailed(f"{self.folder} holds files that no demo made, so nothing in it was touched", _ANOTHER)

    def enrol(self, cast: Cast, done: Callable[[], None]) -> None:
        """Make keys, registry and chips for *cast*; call *done* after each driver."""
        create_master_key(self._master_key)
        create_signing_key(self.folder / "signing.key")
        create_registry(self._registry)
        master_key = load_master_key(self._master_key)
        requests = self._make_signing_keys([person.licence for person in cast.driver if person.version == 2])
        for person in cast.driver:
            enrolment = enrol_driver(
                self._registry,
                master_key,
                licence=person.licence,
                first_name=person.first_name,
                last_name=person.last_name,
                birth_date=person.birth_date,
                birth_place=person.birth_place,
                categories=person.categories,
                issuing_office="MIT-UCO (demo)",
                issued_on=person.issued_on,
                expires_on=person.expires_on,
                portrait=draw(person.portrait),
                plates=(person.plate,),
                request=requests.get(person.licence),
            )
            chip = Chip(enrolment.uid, enrolment.licence, enrolment.public_key_pem)
            save_chip(chip, self._chip_file(person.licence))
            done()
        self._complete.write_text(_ENROLLED if requests else "", encoding="utf-8")

    def _make_signing_keys(self, licences: Sequence[str]) -> dict[str, bytes]:
        """Make the signing keys of these drivers' chips, a second or so each; returns the chips' requests."""
        if not licences:
            return {}
        with ProcessPoolExecutor() as processes:
            keys = list(processes.map(_private_key, licences))
        files = {
            licence: save_chip_key(self._signing_file(licence), RSA.import_key(key))
            for licence, key in zip(licences, keys, strict=True)
        }
        return {licence: make_request(key, licence) for licence, key in files.items()}

    def chips(self, cast: Cast) -> dict[str, Chip]:
        """Load every driver's chip, by licence number."""
        return {person.licence: load_chip(self._chip_file(person.licence)) for person in cast.driver}

    def signing(self, cast: Cast) -> dict[str, Signing]:
        """What the cars of version 2 sign with, and whom they trust, by licence number; they are where the unit is."""
        authority = Ed25519Key((self.folder / "authority.key").read_bytes()).public_key
        signs = [person.licence for person in cast.driver if person.version == 2]
        return {each: Signing(load_chip_key(self._signing_file(each)), authority, HERE) for each in signs}

    def _signing_file(self, licence: str) -> Path:
        return self.folder / f"{licence}{_SIGNING_KEY}"

    def _chip_file(self, licence: str) -> Path:
        return self.folder / f"{licence}{_CHIP}"


def _private_key(_: str) -> bytes:
    """A new private key, DER: a key itself does not go from process to process."""
    return bytes(generate_private_key().export_key("DER"))
