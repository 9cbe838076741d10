"""Settings: one TOML file, typed, units in the names.

Every section is a frozen pydantic model; :func:`load` turns any mistake into one :class:`ConfigError` and knows what an
unknown key probably meant. Longer than 300 lines because every setting is described here, once.
"""

from __future__ import annotations

import os
import tomllib
from datetime import date, datetime, time, timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from edge.errors import ConfigError, why

Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Port = Annotated[int, Field(ge=0, le=65535)]
Engine = Literal["easyocr", "litert"]
Share = Annotated[float, Field(ge=0, le=1)]
Area = tuple[Share, Share, Share, Share]
"""Left, top, right and bottom edge of a part of a photo, as shares of its width and height."""

MOST_OF_A_TEXT = 1000
"""Characters of a text in the file; all of them are in every case."""
MOST_OF_A_SOCKET = 107
"""Bytes in the path of a Unix socket, as Linux has them (``sun_path`` in unix(7))."""
DEFAULT_CONFIG = Path("/etc/autovelox/autovelox.toml")
MASK = "********"
SECRET_FIELDS = frozenset({"master_key_file", "signing_key_file", "tls_key", "unit_key_file"})


def refused(cause: str, remedy: str) -> PydanticCustomError:
    """What a validator raises: its message is the cause, and :func:`explain` finds the remedy."""
    return PydanticCustomError("refused", "{cause}", {"cause": cause, "remedy": remedy})


class Section(BaseModel):
    """What all sections share: unknown keys are refused, texts are one line of visible characters, nothing changes."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)

    @field_validator("*", mode="before")
    @classmethod
    def _is_no_switch(cls, value: object, info: ValidationInfo) -> object:
        """``limit_kmh = true`` would count as 1."""
        if isinstance(value, bool) and cls.model_fields[str(info.field_name)].annotation is not bool:
            raise refused("true and false say nothing here", "write the value")
        return value

    @field_validator("*")
    @classmethod
    def _is_a_line(cls, value: object) -> object:
        if isinstance(value, str) and (len(value) > MOST_OF_A_TEXT or not value.isprintable()):
            raise refused(
                "a text is too long or has a character that cannot be seen",
                f"write one line of at most {MOST_OF_A_TEXT} characters",
            )
        return value


class UnitSettings(Section):
    """``[unit]``: whose camera this is, which one, and where it keeps its state.

    With ``mode = "observe"`` the unit files cases and names nobody, on purpose. ``language`` is that of its reports.
    """

    mode: Literal["enforce", "observe"] = "enforce"
    authority: str = ""
    serial: Annotated[str, Field(min_length=1, max_length=64)] = "AVX-0000"
    site: str = "unnamed site"
    language: Literal["en", "it", "de", "sl"] = "it"
    state_dir: Path = Path("/var/lib/autovelox")


class DeviceSettings(Section):
    """What the type plate of a device says."""

    make: str = ""
    model: str = ""
    version: str = ""
    serial: str = ""


class CalibrationSettings(Section):
    """``[instrument.calibration]``: the certificate that a measured speed rests on; both dates count, local time.

    Without ``valid_until`` the unit promises no certificate, and none is missing.
    """

    certificate: str = ""
    laboratory: str = ""
    calibrated_on: date | None = None
    valid_until: date | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> CalibrationSettings:
        told = [bool(value) for _, value in self]
        if not any(told):
            return self
        if self.calibrated_on is None or self.valid_until is None or not all(told):
            raise refused("a calibration is incomplete", "give certificate, laboratory, calibrated_on and valid_until")
        if self.calibrated_on > self.valid_until:
            raise refused("valid_until is before calibrated_on", "correct the dates")
        return self

    @property
    def span_utc(self) -> tuple[float, float] | None:
        """From when until when the certificate counts, in seconds since the epoch; None where there is none."""
        if self.calibrated_on is None or self.valid_until is None:
            return None
        begin, end = (
            datetime.combine(day, time.min) for day in (self.calibrated_on, self.valid_until + timedelta(days=1))
        )
        return begin.timestamp(), end.timestamp()


class CheckSettings(Section):
    """``[instrument.functional_check]``: the periodic check that the instrument works where it stands."""

    checked_on: date | None = None
    by: str = ""
    report: str = ""


class InstrumentSettings(Section):
    """``[instrument]``: what measures the speed, and by whose leave; all of it goes into every case.

    ``approval`` is the decree that approved the type, ``census`` the number under which the authority registered this
    instrument. ``unit`` and ``radar`` are the type plates of the two devices.
    """

    unit: DeviceSettings = DeviceSettings()
    radar: DeviceSettings = DeviceSettings()
    approval: str = ""
    census: str = ""
    calibration: CalibrationSettings = CalibrationSettings()
    functional_check: CheckSettings = CheckSettings()


class SiteSettings(Section):
    """``[site]``: where the camera stands and who set the limit there, in the authority's own words.

    ``country`` is an ISO 3166-1 code, ``km`` the road's kilometre, latitude and longitude are WGS 84 degrees,
    ``sign_distance_m`` is how far before the camera the sign of the limit stands.
    """

    country: Annotated[str, Field(pattern="^([A-Z]{2})?$")] = ""
    road: str = ""
    km: NotNegative | None = None
    municipality: str = ""
    carriageway: str = ""
    lane: str = ""
    direction: str = ""
    latitude: Annotated[float, Field(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Field(ge=-180, le=180)] | None = None
    road_class: str = ""
    ordinance: str = ""
    decree: str = ""
    sign_distance_m: NotNegative | None = None

    @model_validator(mode="after")
    def _names_a_place(self) -> SiteSettings:
        if (self.latitude is None) != (self.longitude is None):
            raise refused("latitude and longitude belong together", "set both or neither")
        if any(value not in ("", None) for _, value in self) and not (self.road or self.municipality):
            raise refused("the site has neither road nor municipality", "name one, cases say it")
        return self

    @property
    def text(self) -> str:
        """The site in one line, as lists and reports show it; empty where the table is not used."""
        metres = round(1000 * (self.km or 0.0))
        road = f"{self.road} km {metres // 1000}+{metres % 1000:03d}" if self.km is not None else self.road
        parts = (road, self.municipality, self.carriageway, self.lane, self.direction)
        return ", ".join(part.strip() for part in parts if part.strip())


class LinkSettings(Section):
    """``[link]``: the port that cars connect to.

    ``connect_timeout_s`` covers TLS, HTTP and the Socket.IO CONNECT together. ``packets_per_uid`` counts for each
    source address of its own; an IPv6 /64 is one address. Beyond ``connections`` and ``address_connections``, and for
    an address beyond ``address_rate_per_s`` visits that do not finish, the oldest unfinished visit is cut; beyond as
    many that do finish, its next ones begin after those of others. ``versions`` are those of the protocol that the
    unit speaks; version 2 needs the unit's key and the authority's certificate for it, and its challenges are valid
    for ``signed_ttl_s``.
    """

    host: str = "127.0.0.1"
    port: Port = 8443
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    challenge_ttl_s: Positive = 10.0
    packet_ttl_s: Positive = 60.0
    mailbox_packets: Annotated[int, Field(ge=1)] = 10_000
    packets_per_uid: Annotated[int, Field(ge=1)] = 32
    connect_timeout_s: Positive = 5.0
    connections: Annotated[int, Field(ge=1, le=100_000)] = 4096
    address_connections: Annotated[int, Field(ge=1)] = 1024
    address_rate_per_s: Positive = 50.0
    address_burst: Annotated[int, Field(ge=1)] = 250
    drain_timeout_s: NotNegative = 5.0
    versions: Annotated[tuple[Literal[1, 2], ...], Field(min_length=1)] = (1,)
    unit_key_file: Path | None = None
    unit_certificate: Path | None = None
    signed_ttl_s: Positive = 1.0

    @model_validator(mode="after")
    def _tls_is_whole(self) -> LinkSettings:
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise refused("tls_certificate and tls_key belong together", "set both or neither")
        if self.tls_certificate is None and self.host not in {"127.0.0.1", "::1", "localhost"}:
            raise refused("without tls_certificate the unit listens on loopback only", "set host to 127.0.0.1")
        return self

    @model_validator(mode="after")
    def _proves_itself(self) -> LinkSettings:
        if 2 in self.versions and (self.unit_key_file is None or self.unit_certificate is None):
            raise refused("version 2 needs unit_key_file and unit_certificate", "autovelox authority makes both")
        return self


REGISTRY = Path("/var/lib/autovelox/registry/registry.sqlite")
REGISTRY_BEFORE = Path("/var/lib/autovelox/registry.sqlite")
"""The registry has a folder of its own; earlier versions had it beside the cases, where it is still found."""


def default_registry() -> Path:
    """Where the registry is if no setting says."""
    # Not Path's methods: an officer's account may not look into the folder, and has no use for the answer.
    before = os.path.isfile(REGISTRY_BEFORE) and not os.path.exists(REGISTRY)  # noqa: PTH110, PTH113
    return REGISTRY_BEFORE if before else REGISTRY


class RegistrySettings(Section):
    """``[registry]``: the police database and the key it is sealed under."""

    path: Path = Field(default_factory=default_registry)
    master_key_file: Path = Path("/etc/autovelox/master.key")


class RadarSettings(Section):
    """``[radar]``: the pin that fires, what that means, and where the speed comes from.

    ``pin_means`` is ``"over_limit"`` for a device with a threshold of its own, which pulls the pin above it, and
    ``"motion"`` for one that pulls it for any movement. Not set, it counts as ``"motion"``, and :func:`require_answers`
    refuses the configuration.
    ``serial_port`` is the radar's own serial line (OPS243); without it a trigger has no speed. A report counts for an
    edge when it came within ``speed_join_s`` of it; ``speed_wait_s`` is how long a trigger waits for one.
    ``pin_factory = "mock"`` is for recorded feeds: the feed itself drives the pin.
    """

    pin: Annotated[int, Field(ge=0, le=27)] = 17
    pin_means: Literal["over_limit", "motion"] | None = None
    pin_factory: Literal["lgpio", "mock"] = "lgpio"
    active_high: bool = True
    debounce_s: NotNegative = 0.005
    hold_off_s: NotNegative = 0.3
    stuck_after_s: Positive = 10.0
    serial_port: Path | None = None
    min_speed_kmh: NotNegative = 10.0
    max_speed_kmh: Annotated[float, Field(gt=0, le=550)] = 220.0
    speed_join_s: Positive = 0.3
    speed_wait_s: NotNegative = 0.15

    @model_validator(mode="after")
    def _is_a_range(self) -> RadarSettings:
        if self.min_speed_kmh >= self.max_speed_kmh:
            raise refused("min_speed_kmh is not below max_speed_kmh", "set it lower")
        return self

    @property
    def promises_speed(self) -> bool:
        """Whether an infringement needs a measured speed: always, but where the pin alone says that there is one."""
        return self.pin_means != "over_limit" or self.serial_port is not None


class ExposureSettings(Section):
    """``[camera.day]`` and ``[camera.night]``: what is left out, the camera decides by itself."""

    shutter_us: Annotated[int, Field(gt=0)] | None = None
    gain: Annotated[float, Field(ge=1)] | None = None
    white_balance: Literal["auto", "tungsten", "fluorescent", "indoor", "daylight", "cloudy"] = "auto"


class CameraSettings(Section):
    """``[camera]``: the real one, or a recorded feed.

    The last ``ring_frames`` exposures stay in memory; a case also gets the last ``pre_trigger_frames`` of them from
    before its trigger.
    ``feed_pin_out`` names a GPIO that is wired to ``[radar] pin``: the recorded feed then fires through the wire.
    ``lens_position`` (dioptres, 1 / metres) fixes the focus of a camera that has one. With ``profile = "auto"`` the
    measured light chooses: night when it stayed below ``night_below_lux`` for ``light_hold_s``, day above
    ``day_above_lux``. ``captions`` are the areas where something is burnt into the photos, such as the time: what is
    found there is no plate. ``focal_length_px`` is the lens's focal length in pixels of a photo ``width`` wide
    (``autovelox camera calibrate``); with it the photos have to bear out the radar.
    """

    kind: Literal["picamera", "recorded"] = "picamera"
    manifest: Path | None = None
    feed_pin_out: Annotated[int, Field(ge=0, le=27)] | None = None
    width: Annotated[int, Field(ge=64)] = 1280
    height: Annotated[int, Field(ge=64)] = 720
    jpeg_quality: Annotated[int, Field(ge=50, le=100)] = 92
    ring_frames: Annotated[int, Field(ge=4, le=120)] = 20
    pre_trigger_frames: Annotated[int, Field(ge=0, le=10)] = 0
    stall_s: Positive = 2.0
    fps: Positive = 30.0
    pixel_format: Literal["YUV420", "NV12"] = "YUV420"
    lens_position: NotNegative | None = None
    profile: Literal["auto", "day", "night"] = "auto"
    day: ExposureSettings = ExposureSettings(shutter_us=1000, white_balance="daylight")
    night: ExposureSettings = ExposureSettings(shutter_us=2000, gain=8.0)
    night_below_lux: NotNegative = 20.0
    day_above_lux: Positive = 60.0
    light_hold_s: NotNegative = 10.0
    captions: tuple[Area, ...] = ()
    focal_length_px: Annotated[float, Field(ge=32, le=100_000)] | None = None

    @model_validator(mode="after")
    def _feed_has_manifest(self) -> CameraSettings:
        if any(left >= right or top >= bottom for left, top, right, bottom in self.captions):
            raise refused("an area of captions is empty", "give left, top, right, bottom, each from 0 to 1")
        if self.pre_trigger_frames >= self.ring_frames:
            raise refused("pre_trigger_frames come from the ring", "set ring_frames larger")
        if self.night_below_lux >= self.day_above_lux:
            raise refused(
                "night_below_lux is not below day_above_lux, so the profile would flicker at dusk", "set it lower"
            )
        if self.kind == "recorded" and self.manifest is None:
            raise refused('kind = "recorded" has no manifest', "set manifest to the TOML file that lists the clips")
        return self


class PanelSettings(Section):
    """``[panel]``: GPIO of a status LED, a buzzer and a button for a test trigger, each only if there is one."""

    led_pin: Annotated[int, Field(ge=0, le=27)] | None = None
    buzzer_pin: Annotated[int, Field(ge=0, le=27)] | None = None
    button_pin: Annotated[int, Field(ge=0, le=27)] | None = None


class SpeedSettings(Section):
    """``[speed]``: what is an infringement here.

    ``law`` is the country whose deduction from a measured speed counts (:mod:`edge.law.profiles`). ``tolerance_kmh`` is
    what an authority leaves beyond that. Where the law counts in miles per hour ``limit_mph`` and ``tolerance_mph``
    stand instead. Where this program does not know what the law deducts the authority states it: ``deduction_percent``
    of the measured speed and at least ``deduction_kmh``, as ``deduction_source`` says.
    """

    limit_kmh: Annotated[float, Field(gt=0, le=300)] = 50.0
    limit_mph: Annotated[int, Field(gt=0, le=186)] | None = None
    law: Literal["IT", "AT", "DE", "FR", "GB", "SI", "none"] = "IT"
    tolerance_kmh: NotNegative = 0.0
    tolerance_mph: NotNegative | None = None
    deduction_kmh: Annotated[float, Field(ge=0, le=50)] | None = None
    deduction_percent: Annotated[float, Field(ge=0, le=50)] | None = None
    deduction_source: str = ""

    @model_validator(mode="after")
    def _states_a_deduction_where_it_has_to(self) -> SpeedSettings:
        stated = self.deduction_kmh, self.deduction_percent, self.deduction_source.strip() or None
        if self.law == "SI" and None in stated:
            raise refused(
                "what the law of SI deducts from a measured speed is not known to this program",
                "state it: deduction_kmh, deduction_percent, and in deduction_source where that stands",
            )
        if self.law != "SI" and stated != (None, None, None):
            raise refused(
                f"a deduction is stated, and law is {self.law}",
                'remove deduction_kmh, deduction_percent and deduction_source: they are for law = "SI" alone',
            )
        return self

    @model_validator(mode="after")
    def _is_in_the_unit_of_the_law(self) -> SpeedSettings:
        in_kmh = self.model_fields_set & {"limit_kmh", "tolerance_kmh"}
        if self.law == "GB" and (in_kmh or self.limit_mph is None):
            raise refused(
                "the law of GB counts in miles per hour",
                "write limit_mph, as 30, and no limit_kmh; tolerance_mph, if one is left, and no tolerance_kmh",
            )
        if self.law != "GB" and (self.limit_mph is not None or self.tolerance_mph is not None):
            raise refused(
                'limit_mph and tolerance_mph are for law = "GB"',
                "write limit_kmh and tolerance_kmh, or set law to GB",
            )
        return self


class WindowSettings(Section):
    """``[window]``: whose packets count for a trigger."""

    window_before_s: NotNegative = 10.0
    window_after_s: NotNegative = 1.0


class RecognitionSettings(Section):
    """``[recognition]``: the worker processes and what they run.

    ``engine`` runs the reader's network: EasyOCR, or LiteRT: the same texts without PyTorch.
    ``stop_timeout_s``: how long a stop waits for cases being decided; the others are decided after the next start.
    """

    models_dir: Path | None = None
    engine: Engine = "easyocr"
    workers: Annotated[int, Field(ge=1, le=16)] = 2
    job_timeout_s: Positive = 20.0
    frames_per_case: Annotated[int, Field(ge=1, le=10)] = 3
    stop_timeout_s: NotNegative = 10.0


class VerdictSettings(Section):
    """``[verdict]``: which plates and licence numbers can be.

    ``plate_countries`` are ISO 3166-1 codes with a ready-made format in :mod:`edge.identify.format_table`, or
    ``"ANY"``; ``plate_pattern`` is a regular expression for further plates.
    """

    plate_countries: tuple[str, ...] = ("IT",)
    plate_pattern: str | None = None
    licence_pattern: str = "[A-Z]{2}[0-9]{7}[A-Z]"


class CaseSettings(Section):
    """``[cases]``: evidence and how long it stays.

    ``witness_dirs`` are folders, best outside the unit, that get a signed checkpoint of the chain every hour.
    """

    witness_dirs: tuple[Path, ...] = ()
    signing_key_file: Path = Path("/etc/autovelox/signing.key")
    retention_days: Annotated[int, Field(ge=1)] = 150
    retention_unidentified_days: Annotated[int, Field(ge=1)] = 60
    retention_dismissed_days: Annotated[int, Field(ge=1)] = 10


class OfficersSettings(Section):
    """``[officers]``: where the officers' service answers; its folder says whose group may ask."""

    socket: Path = Path("/run/autovelox-officers/officers.sock")


class EvidenceSettings(Section):
    """``[evidence]``: an authority outside that stamps checkpoints with its time (RFC 3161).

    ``timestamp_authority`` is a PEM file with its root certificate.
    """

    timestamp_url: Annotated[str, Field(pattern=r"^https?://[^\s]+$")] | None = None
    timestamp_authority: Path | None = None

    @model_validator(mode="after")
    def _authority_is_known(self) -> EvidenceSettings:
        if (self.timestamp_url is None) != (self.timestamp_authority is None):
            raise refused("timestamp_url and timestamp_authority belong together", "set both or neither")
        return self


class ReviewSettings(Section):
    """``[review]``: what officers' looks and judgements need.

    ``second``: a judgement counts once another officer made the same one. ``reasons``: who looks at a case that another
    officer has judged says why.
    """

    second: bool = False
    reasons: bool = False


class CentreSettings(Section):
    """``[centre]``: the headquarters that the unit delivers to; without ``url`` it works alone.

    ``authority_file`` is what ``autovelox centre join`` wrote: the one certificate authority that is trusted there.
    Photos wait for the next day once ``daily_megabytes`` were sent; entries never wait.
    ``signers_file`` has the keys of the officers of the centre whose orders the unit obeys; joining writes it.
    With ``keep_delivered_days`` the photos of a decided case leave the card so many days after its trigger, once the
    centre has the case whole and has compared its own copies with their hashes; without it they stay with the case.
    ``decides``: the unit holds no registry and no private key; the opening service that ``autovelox centre opener``
    wrote to ``opener_file`` opens its packets. A case that waits for it for ``undecided_hours`` is unidentified.
    """

    url: Annotated[str, Field(pattern=r"^https://[^/?#@\s]+$")] | None = None
    authority_file: Path = Path("/etc/autovelox/centre-authority.pem")
    signers_file: Path = Path("/etc/autovelox/centre-signers.json")
    daily_megabytes: Positive = 2000.0
    keep_delivered_days: Positive | None = None
    decides: bool = False
    opener_file: Path = Path("/etc/autovelox/centre-opener.json")
    undecided_hours: Positive = 72.0

    @model_validator(mode="after")
    def _can_decide(self) -> CentreSettings:
        if self.decides and self.url is None:
            raise refused("decides needs a centre", "run autovelox centre join, and set url")
        if self.keep_delivered_days is not None and self.url is None:
            raise refused("keep_delivered_days needs a centre", "run autovelox centre join, and set url")
        return self


class MetricsSettings(Section):
    """``[metrics]``: Prometheus metrics and health, on loopback only; port 0 picks a free one.

    With a ``socket`` they are at that Unix socket instead, for its folder's group alone, and at no port.
    """

    enabled: bool = True
    port: Port = 9464
    socket: Path | None = None


class Settings(Section):
    """The whole file."""

    unit: UnitSettings = UnitSettings()
    instrument: InstrumentSettings = InstrumentSettings()
    site: SiteSettings = SiteSettings()
    link: LinkSettings = LinkSettings()
    registry: RegistrySettings = RegistrySettings()
    radar: RadarSettings = RadarSettings()
    camera: CameraSettings = CameraSettings()
    panel: PanelSettings = PanelSettings()
    speed: SpeedSettings = SpeedSettings()
    window: WindowSettings = WindowSettings()
    recognition: RecognitionSettings = RecognitionSettings()
    verdict: VerdictSettings = VerdictSettings()
    cases: CaseSettings = CaseSettings()
    officers: OfficersSettings = OfficersSettings()
    review: ReviewSettings = ReviewSettings()
    evidence: EvidenceSettings = EvidenceSettings()
    centre: CentreSettings = CentreSettings()
    metrics: MetricsSettings = MetricsSettings()

    @model_validator(mode="after")
    def _agrees(self) -> Settings:
        if self.site.text and "site" in self.unit.model_fields_set:
            raise refused("the site is said twice, in [unit] and in [site]", "remove site from [unit]")
        if self.site.country and self.speed.law not in {self.site.country, "none"}:
            raise refused(
                f"the site is in {self.site.country} and the deduction is that of {self.speed.law}",
                "set law in [speed] to the site's country, or to none where that has no profile",
            )
        if self.site.country in {"IT", "AT", "DE", "FR"} and self.speed.law == "none":
            raise refused(
                f"the site is in {self.site.country}, whose law has a deduction, and law is none",
                f"set law in [speed] to {self.site.country}",
            )
        return self

    @property
    def site_text(self) -> str:
        """Where the camera stands, in one line."""
        return self.site.text or self.unit.site

    def printable(self) -> str:
        """The settings as TOML-like lines; places of secrets are masked."""
        return "\n".join(line for name, section in self for line in _printed(name, section))


def _printed(name: str, section: Section) -> list[str]:
    lines, inner = [f"[{name}]"], []
    for key, value in section:
        if isinstance(value, Section):
            inner += _printed(f"{name}.{key}", value)
        elif value is not None:
            lines.append(f"{key} = {MASK if key in SECRET_FIELDS else value}")
    return lines + inner


def models_dir(configured: Path | None = None) -> Path:
    """Where the models are: as configured, else in the installation (``edge/share``), else in the checkout."""
    if configured is not None:
        return configured
    package = Path(__file__).resolve().parent
    installed = package / "share" / "models"
    return installed if installed.is_dir() else package.parent / "models"


def load(path: Path) -> Settings:
    """Read and check the file at *path*; relative paths in it count from the file's own folder.

    Raises:
        ConfigError: the file cannot be read, is not TOML, or a value is wrong; the sentence names the key.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8-sig"))  # some editors put a mark before the text
    except FileNotFoundError:
        raise ConfigError(
            f"there is no configuration file {path}", "copy autovelox.example.toml there and edit it"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path} cannot be read ({why(error)})", "name a text file that this account may read"
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not valid TOML: {error}", "correct that line") from None
    try:
        settings = Settings.model_validate(document)
    except ValidationError as error:
        cause, remedy = explain(error)
        raise ConfigError(f"{path}: {cause}", remedy or "autovelox.example.toml shows every setting") from None
    anchored = _anchored(settings, path.resolve().parent)
    for name, socket in (("officers", anchored.officers.socket), ("metrics", anchored.metrics.socket)):
        if socket is not None and len(os.fsencode(socket)) > MOST_OF_A_SOCKET:
            raise ConfigError(
                f"{path}: {name}.socket: the path of a Unix socket has at most {MOST_OF_A_SOCKET} bytes",
                "choose a folder nearer to the root",
            )
    return anchored


def open_question(settings: Settings) -> tuple[str, str] | None:
    """What a valid configuration leaves open and only a person can answer, as cause and remedy; None if nothing."""
    if settings.radar.pin_means is not None or settings.unit.mode == "observe":
        return None
    return (
        "[radar] pin_means is not set: what does the radar's pin mean?",
        'set it to "over_limit" if the device has a threshold of its own and pulls the pin above it, to "motion" if it '
        'pulls the pin for any movement, as an OPS243 does; or set [unit] mode = "observe" to name nobody',
    )


def expired(settings: Settings, now_utc: float) -> tuple[str, str] | None:
    """Why the instrument's certificate does not count at *now_utc* (seconds since the epoch); None if it does."""
    calibration = settings.instrument.calibration
    if (span := calibration.span_utc) is None or settings.unit.mode == "observe" or span[0] <= now_utc < span[1]:
        return None
    days = f"counts from {calibration.calibrated_on} to {calibration.valid_until}"
    return (
        f"the calibration certificate {calibration.certificate} {days}: cases name nobody",
        "have the instrument calibrated and enter the new certificate in [instrument.calibration], or set the clock",
    )


def require_answers(settings: Settings) -> None:
    """Refuse *settings* that leave a question open.

    Raises:
        ConfigError: the question, and the answers there are.
    """
    if (question := open_question(settings)) is not None:
        cause, remedy = question
        raise ConfigError(cause, remedy)


def explain(error: ValidationError, settings: type[BaseModel] = Settings) -> tuple[str, str]:
    """Cause and remedy of the first mistake pydantic found in *settings*.

    The remedy is empty if only the documentation can tell.
    """
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        guess = get_close_matches(str(first["loc"][-1]), _known(first["loc"], settings), n=1)
        return f"unknown key {where}", f"did you mean {guess[0]}?" if guess else ""
    message = first["msg"].removeprefix("Value error, ")
    place = f"{where}: " if where else ""
    return f"{place}{message[0].lower()}{message[1:]}", str(first.get("ctx", {}).get("remedy", ""))


def _known(location: tuple[int | str, ...], section: type[BaseModel]) -> list[str]:
    """The keys there are where *location* points in *section*, its last part being the unknown one."""
    for part in location[:-1]:
        inner = section.model_fields[str(part)].annotation
        assert isinstance(inner, type) and issubclass(inner, BaseModel)
        section = inner
    return list(section.model_fields)


def _anchored(settings: Settings, folder: Path) -> Settings:
    sections: dict[str, Section] = {}
    for name, section in settings:
        paths = {key: folder / value for key, value in section if isinstance(value, Path)}
        sections[name] = section.model_copy(update=paths)
    return settings.model_copy(update=sections)
