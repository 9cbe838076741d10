"""What a unit needs before it starts: one list of checks, for ``autovelox run`` and for ``autovelox run --check``.

As ``sshd -t``: no check writes, listens or takes a lock, so they may be made while a unit runs. What only a start can
tell, such as a port that is taken, they leave to it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from edge.cases import StateFolder, TimeStamps, examine, load_signer
from edge.config import Settings, models_dir
from edge.daemon.central import service_of
from edge.delivery import trusting
from edge.identify import Formats
from edge.identify.formats import licence_pattern
from edge.link.certificate import read_certificate
from edge.link.identity import load_identity
from edge.link.tls import server_context
from edge.registry.lookup import Registry
from edge.registry.vault import load_master_key
from edge.sensors import check_sensors
from edge.vision import load_thresholds, require_engine, worker


def _patterns(settings: Settings) -> None:
    Formats(settings.verdict.plate_countries, settings.verdict.plate_pattern)
    licence_pattern(settings.verdict.licence_pattern)


def _recognition(settings: Settings) -> None:
    require_engine(settings.recognition.engine)
    load_thresholds(models_dir(settings.recognition.models_dir))


def _registry_and_identity(settings: Settings) -> None:
    async def sealed_to() -> bytes | None:
        registry = await Registry.open(settings.registry.path, load_master_key(settings.registry.master_key_file))
        try:
            key = await registry.uid_key()
        finally:
            await registry.close()
        return key.public if key else None

    service = service_of(settings)  # the centre opens the packets, or the unit with its registry
    uids = service.uid_key if service is not None else asyncio.run(sealed_to())
    load_identity(settings.link, settings.unit.serial, uids, 0.0)


def _cases(settings: Settings) -> None:
    examine(StateFolder(settings.unit.state_dir), load_signer(settings.cases.signing_key_file))
    TimeStamps.of(settings.evidence)


def _certificate(settings: Settings) -> None:
    if settings.link.tls_certificate is not None and settings.link.tls_key is not None:
        server_context(settings.link.tls_certificate, settings.link.tls_key)
        read_certificate(settings.link.tls_certificate)


def _centre(settings: Settings) -> None:
    if settings.centre.url is not None:
        trusting(settings.centre.authority_file)


CHECKS: tuple[Callable[[Settings], None], ...] = (
    _patterns,
    _recognition,
    _registry_and_identity,
    _cases,
    check_sensors,
    _certificate,
    _centre,
)
"""What can be told in a moment. Each raises the :class:`edge.errors.EdgeError` with which the unit refuses to start."""


def preflight(settings: Settings) -> None:
    """Make all :data:`CHECKS`, before anything of the unit is built; no loop may run yet.

    Raises:
        EdgeError: what the first of them finds.
    """
    for check in CHECKS:
        check(settings)


def try_models(settings: Settings) -> None:
    """Load the networks into this process: seconds. A unit that starts does the same in its workers, and waits for it.

    Raises:
        ModelError: they cannot be loaded.
    """
    recognition = settings.recognition
    worker.start(models_dir(recognition.models_dir), recognition.engine, settings.camera.captions)
    worker.ready()
