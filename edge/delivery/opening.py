"""The courier, and the way to the opening service, that the configuration asks for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack

from edge.cases import Outbox, load_signer
from edge.config import Settings
from edge.delivery.budget import DailyBudget
from edge.delivery.client import Client, trusting
from edge.delivery.courier import Courier
from edge.delivery.leaving import LeavingPhotos
from edge.delivery.obeying import Orders
from edge.delivery.openings import OpeningService
from edge.delivery.progress import Progress
from edge.delivery.remote import RemoteOpener


def open_courier(
    settings: Settings,
    facts: Callable[[], Mapping[str, object]],
    progress: Progress,
    *,
    answers_again: Callable[[], None] = lambda: None,
    file: Settings | None = None,
    enter: Callable[[str, Mapping[str, object]], None] = lambda _kind, _content: None,
    restart: Callable[[], object] = lambda: None,
) -> Courier | None:
    """The courier to the centre of *settings*, None where the unit works alone; *facts* go into each status.

    *answers_again* is called when the centre answers that did not before; *progress* wakes it, and learns what it did;
    *file*, the settings of the unit's file, *enter* and *restart* are for :class:`edge.delivery.obeying.Orders`.

    Raises:
        DeliveryError: the centre's authority cannot be used.
        SecretError: the signing key cannot be read.
    """
    centre, unit = settings.centre, settings.unit
    if centre.url is None:
        return None
    signer = load_signer(settings.cases.signing_key_file)
    client = Client(centre.url, trusting(centre.authority_file), unit.serial, signer)
    return Courier(
        client,
        Outbox(unit.state_dir),
        budget=DailyBudget(round(centre.daily_megabytes * 1e6)),
        facts=facts,
        answers_again=answers_again,
        progress=progress,
        obey=Orders(file or settings, signer, enter=enter, restart=restart).obey,
        leaving=LeavingPhotos(unit.state_dir, centre.keep_delivered_days, signer, centre.url),
    )


async def open_remote(
    settings: Settings, service: OpeningService, reader: str, progress: Progress, stack: AsyncExitStack
) -> RemoteOpener:
    """The way to the opening *service*; *reader* is the SHA-256 (hex) of the reader's network; *stack* closes it.

    *progress* tells when the centre has a case.

    Raises:
        DeliveryError: the centre's authority cannot be used.
        SecretError: the signing key cannot be read.
    """
    centre, unit = settings.centre, settings.unit
    assert centre.url is not None, "a configuration that decides at the centre has one"
    signer = load_signer(settings.cases.signing_key_file)
    client = Client(centre.url, trusting(centre.authority_file), unit.serial, signer)
    await stack.enter_async_context(client)
    return RemoteOpener(
        client,
        Outbox(unit.state_dir),
        service,
        serial=unit.serial,
        signer=signer,
        reader=reader,
        progress=progress,
    )
