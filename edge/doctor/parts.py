"""Checks of the parts that the configuration names: camera, radar, keys, registry."""

from __future__ import annotations

import errno
import os
import socket
import time
from collections.abc import Iterator

import serial
from gpiozero import Device

from edge.cases.evidence.signing import load_signer
from edge.config import Settings, expired
from edge.doctor.finding import Finding, good, missing, warning
from edge.link.certificate import RENEW_DAYS, advice, read_certificate
from edge.link.identity import end_of, load_unit_certificate
from edge.link.tls import server_context
from edge.registry.guard import check_files
from edge.registry.vault import load_master_key
from edge.sensors.feed_manifest import load_feed_manifest
from edge.sensors.ops243 import BAUD
from edge.sensors.pins import pin_factory

ANSWER_S = 5.0
SOON_S = 30 * 86_400.0
"""A certificate that ends within this time is warned of."""


def camera(settings: Settings) -> Iterator[Finding]:
    """Check the camera, or the clips of the recorded feed."""
    if settings.camera.kind == "recorded":
        assert settings.camera.manifest is not None
        clips = load_feed_manifest(settings.camera.manifest).clip
        yield good("camera", f"a recorded feed of {len(clips)} clips")
        return
    try:
        from picamera2 import Picamera2

        found = Picamera2.global_camera_info()
    except ImportError as error:
        yield missing(
            "camera",
            f"picamera2 cannot be loaded ({error})",
            'apt install python3-picamera2, or set kind = "recorded" in [camera] and name a manifest',
        )
        return
    if found:
        yield good("camera", ", ".join(str(each.get("Model", "unknown model")) for each in found))
    else:
        yield missing("camera", "none is connected", "switch off, check the ribbon cable, try `rpicam-hello`")


def gpio(settings: Settings) -> Iterator[Finding]:
    """Check the GPIO line of the radar."""
    before = Device.pin_factory
    factory = pin_factory(settings.radar.pin_factory)
    if factory is not before:
        factory.close()
        Device.pin_factory = before
    yield good("gpio", f"GPIO {settings.radar.pin} through {settings.radar.pin_factory}")


def radar_port(settings: Settings) -> Iterator[Finding]:
    """Check the serial port of the speed radar."""
    port = settings.radar.serial_port
    if port is None:
        if settings.camera.kind == "recorded":
            yield good("radar port", "none needed: the recorded feed knows the speeds")
        elif settings.radar.promises_speed:
            yield warning(
                "radar port",
                "none configured: without a measured speed no trigger is an infringement",
                'set serial_port in [radar], or pin_means = "over_limit" if the pin itself says that a car is too fast',
            )
        else:
            yield good("radar port", "none configured: the pin says that a car is too fast, cases carry no speed")
        return
    try:
        serial.Serial(str(port), BAUD, exclusive=True).close()
    except (serial.SerialException, OSError) as error:
        if error.errno == errno.EAGAIN:
            yield good("radar port", f"{port} is in use, as by a running unit")
            return
        reason = os.strerror(error.errno) if error.errno else str(error)
        yield missing(
            "radar port",
            f"{port} cannot be opened ({reason})",
            "plug the radar in, join the group dialout, and check serial_port in [radar]",
        )
    else:
        yield good("radar port", f"{port} opens")


def master_key(settings: Settings) -> Iterator[Finding]:
    """Check the key that opens the registry: present, private and of the right length."""
    if settings.centre.decides:
        yield good("master key", "none is needed: the centre decides")
        return
    load_master_key(settings.registry.master_key_file)
    yield good("master key", f"{settings.registry.master_key_file.name} is there and private")


def signing_key(settings: Settings) -> Iterator[Finding]:
    """Check the key that signs evidence."""
    load_signer(settings.cases.signing_key_file)
    yield good("signing key", f"{settings.cases.signing_key_file.name} is there and private")


def certificate(settings: Settings) -> Iterator[Finding]:
    """Check the link's TLS certificate: it fits its key, its key is a fast one, and its end is not near."""
    link = settings.link
    if link.tls_certificate is None or link.tls_key is None:
        yield warning(
            "certificate",
            "none: the link listens on loopback only",
            "set tls_certificate and tls_key in [link], with an EC key",
        )
        return
    server_context(link.tls_certificate, link.tls_key)
    found = advice(read_certificate(link.tls_certificate), time.time())
    for cause, remedy in found:
        yield warning("certificate", cause, remedy)
    if not found:
        yield good("certificate", f"fits its key, is not RSA, and is valid for {RENEW_DAYS} days and more")


def protocol(settings: Settings) -> Iterator[Finding]:
    """Check which versions of the link's protocol the unit speaks, and when what proves it to cars ends."""
    link = settings.link
    if link.unit_certificate is None:
        yield good("protocol", "version 1 alone: no chip signs, and the unit does not prove itself to cars")
        return
    certificate = load_unit_certificate(link.unit_certificate)
    if 2 not in link.versions:
        yield warning(
            "protocol", "version 1 alone, although the authority certified the unit", "set versions = [1, 2] in [link]"
        )
    elif (ending := end_of(certificate, time.time())) is not None:
        yield warning("protocol", *ending)
    else:
        spoken = " and ".join(str(each) for each in sorted(link.versions))
        yield good("protocol", f"version {spoken}; the authority's certificate counts for {RENEW_DAYS} days and more")


def instrument(settings: Settings) -> Iterator[Finding]:
    """Check that the instrument's calibration certificate counts, today and for some weeks."""
    calibration = settings.instrument.calibration
    if (span := calibration.span_utc) is None:
        yield warning(
            "instrument",
            "no calibration certificate is configured: cases do not say that the instrument was allowed to measure",
            "enter it in [instrument.calibration]",
        )
    elif (found := expired(settings, time.time())) is not None:
        yield warning("instrument", *found)
    elif span[1] - time.time() < SOON_S:
        yield warning(
            "instrument",
            f"the calibration certificate {calibration.certificate} counts until {calibration.valid_until}",
            "have the instrument calibrated before: after that day cases name nobody",
        )
    else:
        yield good("instrument", f"certificate {calibration.certificate} counts until {calibration.valid_until}")


def registry(settings: Settings) -> Iterator[Finding]:
    """Check the police database."""
    if settings.centre.decides:
        yield good("registry", "none is needed: the centre decides")
        return
    path = settings.registry.path
    if not os.access(path, os.R_OK):
        yield missing("registry", f"{path} cannot be read", "run `autovelox registry init`, or put the database there")
    else:
        check_files(path, reading=True)
        yield good("registry", f"{path} is there, and nothing foreign lies beside it")


def officers(settings: Settings) -> Iterator[Finding]:
    """Check whether the service answers that officers' programs ask for cases."""
    path = settings.officers.socket
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(ANSWER_S)
        code = connection.connect_ex(str(path))
    if code == 0:
        yield good("officers", f"the officers' service answers at {path}")
    else:
        yield warning(
            "officers",
            f"the officers' service does not answer at {path} ({os.strerror(code)})",
            "systemctl start autovelox-officers, where officers look at cases on this unit",
        )
