"""Settings of the centre: one TOML file, typed, units in the names; ``autovelox-centre.example.toml`` has all."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError, model_validator

from edge.config import EvidenceSettings, Port, Positive, Section, VerdictSettings, explain, refused
from edge.errors import ConfigError, why

DEFAULT_CONFIG = Path("/etc/autovelox-centre/autovelox-centre.toml")
Count = Annotated[int, Field(ge=1)]
_MAIL = r"^[^@\s<>,;:\"]{1,64}@[A-Za-z0-9.-]{1,255}$"


class CentreSettings(Section):
    """``[centre]``: whose centre it is, and where it keeps its state; ``name`` is part of what units sign to log in."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")] = "centre"
    state_dir: Path = Path("/var/lib/autovelox-centre")


class DatabaseSettings(Section):
    """``[database]``: the authority's PostgreSQL by its ``url``; without one the centre starts its own.

    ``url`` makes the schema and is for commands; ``service_url`` is for what answers units, as ``autovelox_service``,
    which may not read the registry. Without it the service uses ``url``.

    ``account`` is the account of the operating system that runs the centre's own server where root starts the centre.
    ``binaries`` is the folder with ``postgres`` and ``initdb``, where the wheel's and Debian's are not wanted.
    """

    url: str | None = None
    service_url: str | None = None
    connections: Annotated[int, Field(ge=2, le=200)] = 8
    account: str = "nobody"
    binaries: Path | None = None
    statement_timeout_s: Positive = 30.0


class RegistrySettings(Section):
    """``[registry]``: the key at the top of the registry's hierarchy, which the opening service and commands read.

    With ``root_key_token``, a PKCS#11 URI (RFC 7512), the file holds it wrapped by a key that never leaves that token.
    """

    root_key_file: Path = Path("/etc/autovelox-centre/root.key")
    root_key_token: Annotated[str, Field(pattern=r"^pkcs11:")] | None = None


class ListenSettings(Section):
    """``[listen]``: where units connect. Without a certificate the centre makes its own authority and certificate.

    ``names`` are the DNS names and addresses by which units call it.
    """

    host: str = "127.0.0.1"
    port: Port = 8444
    names: tuple[str, ...] = ("localhost", "127.0.0.1")
    certificate: Path | None = None
    key: Path | None = None
    authority: Path | None = None

    @model_validator(mode="after")
    def _certificate_is_whole(self) -> ListenSettings:
        given = [self.certificate is not None, self.key is not None, self.authority is not None]
        if any(given) and not all(given):
            raise refused("certificate, key and authority belong together", "set all three, or none")
        return self


class LimitSettings(Section):
    """``[limits]``: what one unit, one address and all together may ask for.

    ``requests`` are worked on at once, in all; a further one is told to come again. A unit's request whose body still
    comes is not worked on, and waits for its place. ``connections`` are open at once,
    of them ``connections_of_one_address``; a further one is cut off. ``logins_per_minute`` counts for an address, and
    what needs no login with it; ``unit_requests_per_minute`` and ``unit_megabytes_per_day`` for a unit.
    ``token_of_one_address``: a token counts only from the address that it was given to. Units report their status every
    ``status_s``.
    """

    entries_bytes: Annotated[int, Field(ge=65_536)] = 16 * 1024 * 1024
    blob_bytes: Annotated[int, Field(ge=65_536)] = 32 * 1024 * 1024
    requests: Count = 64
    connections: Count = 16_384
    connections_of_one_address: Count = 2048
    logins_per_minute: Count = 60
    unit_requests_per_minute: Count = 3000
    unit_megabytes_per_day: Count = 20_000
    token_of_one_address: bool = True
    token_s: Positive = 900.0
    request_s: Positive = 60.0
    silent_after_s: Positive = 600.0
    status_s: Positive = 60.0


class OpeningSettings(Section):
    """``[opening]``: the service that opens packets for units that hold no keys; ``autovelox-centre opening`` runs it.

    ``url`` is where units find it, without one the first of ``[listen] names`` and its port. ``database_url`` is for
    the role ``autovelox_opener``; the centre's own server needs none. A packet counts within ``window_s`` of its case's
    trigger. A unit may have three times its usual day of cases opened, and always ``least_cases_a_day``; a case is
    opened within ``hours``. ``workers`` cases are opened at once, each by two processes that end with it.
    """

    host: str = "127.0.0.1"
    port: Port = 8445
    url: Annotated[str, Field(pattern=r"^https://[^/?#@\s]+$")] | None = None
    database_url: str | None = None
    state_dir: Path = Path("/var/lib/autovelox-opener")
    models_dir: Path | None = None
    workers: Annotated[int, Field(ge=1, le=64)] = 2
    job_timeout_s: Positive = 20.0
    request_s: Positive = 30.0
    window_s: Positive = 30.0
    least_cases_a_day: Count = 200
    hours: Positive = 96.0


class NoticeSettings(Section):
    """``[notices]``: who is told what is wrong with the fleet, by e-mail and webhook; without addresses nobody is.

    Nothing of a case is in a notice. Each problem is told once, when it is over, and every ``repeat_hours`` while it is
    there. ``smtp_authority`` and ``webhook_authority`` are the authorities (PEM) of those servers, without which the
    system's count. Passwords and keys stand in files of 0600.
    """

    every_s: Positive = 60.0
    repeat_hours: Positive = 24.0
    email_to: tuple[Annotated[str, Field(pattern=_MAIL)], ...] = ()
    email_from: Annotated[str, Field(pattern=_MAIL)] = "autovelox-centre@localhost"
    smtp_host: str = "localhost"
    smtp_port: Port = 587
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    smtp_user: str | None = None
    smtp_password_file: Path | None = None
    smtp_authority: Path | None = None
    webhook_url: (
        Annotated[str, Field(pattern=r"^(https://[^\s]+|http://(localhost|127\.0\.0\.1)(:\d+)?(/[^\s]*)?)$")] | None
    ) = None
    webhook_key_file: Path | None = None
    webhook_authority: Path | None = None
    behind_after_s: Positive = 900.0
    clock_s: Positive = 5.0
    unit_free_bytes: Count = 1 << 30
    disk_free_percent: Annotated[float, Field(gt=0, lt=100)] = 10.0
    certificate_days: Positive = 30.0


_TOPIC = r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*"


class MqttSettings(Section):
    """``[mqtt]``: a broker that is told how the fleet is; without a ``host`` none is. Nothing of a case is in it.

    ``topic`` is the root of the topics, ``discovery`` Home Assistant's prefix; empty: nothing is announced there.
    ``security`` is ``none`` on this machine alone. ``authority`` (PEM) is the broker's, else the system's count.
    """

    host: Annotated[str, Field(pattern=r"^[^\s/@]{1,255}$")] | None = None
    port: Port = 8883
    security: Literal["tls", "none"] = "tls"
    user: str | None = None
    password_file: Path | None = None
    authority: Path | None = None
    topic: Annotated[str, Field(pattern=rf"^{_TOPIC}$")] = "autovelox"
    discovery: Annotated[str, Field(pattern=rf"^({_TOPIC})?$")] = "homeassistant"
    every_s: Positive = 60.0

    @model_validator(mode="after")
    def _no_password_in_the_clear(self) -> MqttSettings:
        if self.security == "none" and self.host not in (None, "localhost", "127.0.0.1", "::1"):
            raise refused("security none is for a broker on this machine", 'set security = "tls"')
        if self.password_file is not None and self.user is None:
            raise refused("password_file needs user", "set user, or leave out password_file")
        return self


class MetricsSettings(Section):
    """``[metrics]``: Prometheus metrics and health, on loopback only; port 0 picks a free one."""

    enabled: bool = True
    port: Port = 9465


class Settings(Section):
    """The whole file."""

    centre: CentreSettings = CentreSettings()
    database: DatabaseSettings = DatabaseSettings()
    registry: RegistrySettings = RegistrySettings()
    listen: ListenSettings = ListenSettings()
    limits: LimitSettings = LimitSettings()
    opening: OpeningSettings = OpeningSettings()
    verdict: VerdictSettings = VerdictSettings()
    notices: NoticeSettings = NoticeSettings()
    mqtt: MqttSettings = MqttSettings()
    evidence: EvidenceSettings = EvidenceSettings()
    metrics: MetricsSettings = MetricsSettings()


def load(path: Path) -> Settings:
    """Read and check the file at *path*; relative paths in it count from the file's own folder.

    Raises:
        ConfigError: the file cannot be read, is not TOML, or a value is wrong; the sentence names the key.
    """
    example = "autovelox-centre.example.toml shows every setting"
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"there is no configuration file {path}", example) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path} cannot be read ({why(error)})", "name a text file that this account may read"
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not valid TOML: {error}", "correct that line") from None
    try:
        settings = Settings.model_validate(document)
    except ValidationError as error:
        cause, remedy = explain(error, Settings)
        raise ConfigError(f"{path}: {cause}", remedy or example) from None
    folder = path.resolve().parent
    sections: dict[str, Section] = {}
    for name, section in settings:
        paths = {key: folder / value for key, value in section if isinstance(value, Path)}
        sections[name] = section.model_copy(update=paths)
    return settings.model_copy(update=sections)
