"""The configuration file: every mistake is one sentence that names the key."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from edge import config
from edge.cli import main
from edge.config import MASK, Settings, load, require_answers
from edge.errors import ConfigError


def written(folder: Path, text: str) -> Path:
    path = folder / "autovelox.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_an_empty_file_gives_the_defaults(tmp_path: Path) -> None:
    settings = load(written(tmp_path, ""))
    assert settings.link.packet_ttl_s == 60
    assert (settings.window.window_before_s, settings.window.window_after_s) == (10, 1)
    assert settings.recognition.frames_per_case == 3


def test_a_file_of_an_editor_that_marks_its_texts_is_read(tmp_path: Path) -> None:
    path = tmp_path / "autovelox.toml"
    path.write_text("[speed]\nlimit_kmh = 70\n", encoding="utf-8-sig")
    assert load(path).speed.limit_kmh == 70


def test_relative_paths_count_from_the_file(tmp_path: Path) -> None:
    settings = load(written(tmp_path, '[unit]\nstate_dir = "state"\n'))
    assert settings.unit.state_dir == tmp_path / "state"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[link]\npacket_ttl = 3\n", "unknown key link.packet_ttl: did you mean packet_ttl_s?"),
        ("[camera.day]\nshuter_us = 5\n", "unknown key camera.day.shuter_us: did you mean shutter_us?"),
        ("[lnk]\n", "unknown key lnk: did you mean link?"),
        ("[link]\npacket_ttl_s = 0\n", "link.packet_ttl_s: input should be greater than 0"),
        ('[link]\nhost = "0.0.0.0"\n', "without tls_certificate the unit listens on loopback only"),
        ('[link]\ntls_key = "k.pem"\n', "tls_certificate and tls_key belong together"),
        ('[camera]\nkind = "recorded"\n', "has no manifest: set manifest"),
        ("[camera]\ncaptions = [[0.5, 0, 0.5, 1]]\n", "an area of captions is empty: give left, top, right, bottom"),
        ("[camera]\ncaptions = [[0, 0, 1.5, 1]]\n", "camera.captions.0.2: input should be less than or equal to 1"),
        ("[camera]\ncaptions = [[0, 0, 1]]\n", "camera.captions.0.3: field required"),
        ("[radar\n", "is not valid TOML"),
        ("[recognition]\nworkers = 99\n", "recognition.workers"),
        ('[unit]\nauthority = "Polizia\\u001b[31m"\n', "unit.authority: a text is too long or has a character that"),
        ('[unit]\nauthority = "Polizia\\nLocale"\n', "write one line of at most 1000 characters"),
        ('[instrument.radar]\nmake = "' + "A" * 1001 + '"\n', "instrument.radar.make: a text is too long"),
        ('[unit]\nserial = ""\n', "unit.serial: string should have at least 1 character"),
        ('[unit]\nserial = "' + "A" * 65 + '"\n', "unit.serial: string should have at most 64 characters"),
        ("[speed]\nlimit_kmh = true\n", "speed.limit_kmh: true and false say nothing here: write the value"),
        ("[speed]\nlimit_kmh = inf\n", "speed.limit_kmh: input should be less than or equal to 300"),
        ("[speed]\nlimit_kmh = 1e9\n", "speed.limit_kmh: input should be less than or equal to 300"),
        ('[officers]\nsocket = "' + "s" * 120 + '"\n', "officers.socket: the path of a Unix socket has at most 107"),
        ('[metrics]\nsocket = "' + "s" * 120 + '"\n', "metrics.socket: the path of a Unix socket has at most 107"),
        ('[recognition]\nengine = "torch"\n', "recognition.engine: input should be 'easyocr' or 'litert'"),
    ],
)
def test_a_mistake_is_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence.replace("?", r"\?")):
        load(written(tmp_path, text))


VERSION_2 = 'unit_key_file = "unit.key"\nunit_certificate = "unit.json"\n'


@pytest.mark.parametrize(
    ("lines", "versions"),
    [("", (1,)), (VERSION_2, (1,)), (f"{VERSION_2}versions = [1, 2]", (1, 2)), (f"{VERSION_2}versions = [2]", (2,))],
    ids=["before version 2", "certified, and asks for nothing", "a mixed fleet", "version 2 alone"],
)
def test_a_configuration_without_versions_means_version_1(
    tmp_path: Path, lines: str, versions: tuple[int, ...]
) -> None:
    assert load(written(tmp_path, f"[link]\n{lines}")).link.versions == versions


def test_the_examples_lines_of_version_2_are_those_of_a_mixed_fleet(tmp_path: Path) -> None:
    example = (Path(__file__).resolve().parents[2] / "autovelox.example.toml").read_text(encoding="utf-8")
    assert load(written(tmp_path, example)).link.versions == (1,)
    uncommented = re.sub(r"^# (?=(versions|unit_key_file|unit_certificate) =)", "", example, flags=re.MULTILINE)
    link = load(written(tmp_path, uncommented)).link
    assert link.versions == (1, 2) and link.unit_certificate == Path("/etc/autovelox/unit.json")


def test_a_missing_file_says_what_to_copy(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"copy autovelox\.example\.toml"):
        load(tmp_path / "none.toml")


def test_check_asks_what_the_radars_pin_means(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = written(tmp_path, '[radar]\nserial_port = "/dev/ttyACM0"\n')
    assert main(["run", "--check", "--config", str(config)]) == ConfigError.exit_code
    said = capsys.readouterr()
    assert said.out == ""
    assert "pin_means is not set: what does the radar's pin mean?" in said.err
    assert all(answer in said.err for answer in ('"over_limit"', '"motion"', 'mode = "observe"'))


@pytest.mark.parametrize(
    ("text", "promises"),
    [
        ('[radar]\npin_means = "over_limit"\n', False),
        ('[radar]\npin_means = "over_limit"\nserial_port = "/dev/ttyACM0"\n', True),
        ('[radar]\npin_means = "motion"\n', True),
        ('[unit]\nmode = "observe"\n', True),
    ],
)
def test_each_answer_is_taken(tmp_path: Path, text: str, promises: bool) -> None:
    settings = load(written(tmp_path, text))
    require_answers(settings)
    assert settings.radar.promises_speed is promises


def test_secrets_are_masked_when_printed() -> None:
    printed = Settings().printable()
    assert f"master_key_file = {MASK}" in printed
    assert "master.key" not in printed
    assert "signing.key" not in printed


def test_the_example_is_valid_and_complete() -> None:
    example = Path(__file__).resolve().parents[2] / "autovelox.example.toml"
    require_answers(load(example))
    uncommented = re.sub(r"^# (?=[a-z_]+ =)", "", example.read_text(encoding="utf-8"), flags=re.MULTILINE)
    document = tomllib.loads(uncommented)
    for name, section in Settings():
        for key in type(section).model_fields:
            assert key in document[name], f"{key} of [{name}] is not in the example"


def test_a_registry_where_earlier_versions_had_it_is_still_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, before = tmp_path / "registry" / "registry.sqlite", tmp_path / "registry.sqlite"
    monkeypatch.setattr(config, "REGISTRY", now)
    monkeypatch.setattr(config, "REGISTRY_BEFORE", before)
    assert config.RegistrySettings().path == now
    before.touch()
    assert config.RegistrySettings().path == before
    now.parent.mkdir()
    now.touch()
    assert config.RegistrySettings().path == now
