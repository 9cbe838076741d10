"""[instrument] and [site]: what may stand there, what contradicts, and from when on a certificate counts no more."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from edge.cli import main
from edge.config import Settings, expired, load
from edge.errors import ConfigError

COMPLETE = """
[radar]
pin_means = "motion"
[instrument]
approval = "D.D. 97/2024"
radar = { make = "Acme", model = "R7", serial = "4711" }
[instrument.calibration]
certificate = "LAT 105/26"
laboratory = "LAT 105"
calibrated_on = 2020-01-01
valid_until = %s
[site]
country = "IT"
road = "SS 13"
km = 118.4
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "autovelox.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('[instrument.calibration]\ncertificate = "1"\n', "a calibration is incomplete: give certificate"),
        ("[instrument.calibration]\nvalid_until = 2027-01-01\n", "a calibration is incomplete"),
        (COMPLETE % "2019-12-31", "valid_until is before calibrated_on"),
        ('[instrument]\nradar = { maker = "A" }\n', "unknown key instrument.radar.maker: did you mean make"),
        ("[site]\nroad = 'SS 13'\nlatitude = 46.1\n", "latitude and longitude belong together"),
        ("[site]\nkm = 3\n", "the site has neither road nor municipality"),
        ("[site]\nroad = 'B 1'\nlongitude = 181\n", "site.longitude: input should be less than or equal to 180"),
        ("[unit]\nsite = 'x'\n[site]\nroad = 'SS 13'\n", "toml: the site is said twice"),
        ("[site]\nroad = 'B 1'\ncountry = 'AT'\n", "the site is in AT and the deduction is that of IT"),
        ("[site]\nroad = 'B 1'\ncountry = 'SI'\n[speed]\nlaw = 'AT'\n", "the site is in SI and the deduction is that"),
    ],
)
def test_a_contradiction_is_refused_in_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        load(written(tmp_path, text))


def test_a_country_without_a_profile_has_no_deduction(tmp_path: Path) -> None:
    settings = load(written(tmp_path, "[site]\nroad = 'H3'\ncountry = 'SI'\n[speed]\nlaw = 'none'\n"))
    assert settings.site_text == "H3"


def test_a_certificate_counts_to_the_end_of_its_last_day(tmp_path: Path) -> None:
    settings = load(written(tmp_path, COMPLETE % "2026-03-01"))
    last = datetime(2026, 3, 1, 23, 59, 59).astimezone().timestamp()  # in local time, as the file says days
    assert expired(settings, last) is None
    cause, remedy = expired(settings, last + 1) or ("", "")
    assert "LAT 105/26 counts from 2020-01-01 to 2026-03-01" in cause and "[instrument.calibration]" in remedy
    assert expired(settings, datetime(2019, 12, 30, tzinfo=UTC).timestamp()) is not None
    observing = settings.model_copy(update={"unit": settings.unit.model_copy(update={"mode": "observe"})})
    assert expired(observing, last + 1) is None, "a unit that names nobody misses nothing"
    assert expired(Settings(), last + 1) is None, "a unit that promises no certificate misses none"


@pytest.mark.parametrize(("days", "code"), [(1, 0), (-1, 1)])
def test_check_refuses_a_certificate_that_has_ended(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], days: int, code: int
) -> None:
    config = written(tmp_path, COMPLETE % (date.today() + timedelta(days=days)))
    assert bool(main(["run", "--check=configuration", "--config", str(config)])) is bool(code)
    said = capsys.readouterr()
    assert ("cases name nobody" in said.err) is bool(code)
    assert ("certificate = LAT 105/26" in said.out) is not bool(code)
