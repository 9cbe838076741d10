"""Configuration and chip files: whatever they hold, one sentence and no traceback."""

from __future__ import annotations

from pathlib import Path

from fuzzing import damaged, dumped, json_values, share
from hypothesis import given
from hypothesis import strategies as st

from edge.config import Settings, load
from edge.crypto.chip import load_chip
from edge.errors import ConfigError, SecretError

VALUES = ["0", "-1", "1e400", "nan", "true", '""', '"x"', "[]", "{}", "2026-01-01", "[1, [2]]", '"\\u0000"', "8443"]
names = st.sampled_from([*Settings.model_fields, "lnk", "a.b", '"\\n"', ""])
keys = st.sampled_from(sorted({key for _, section in Settings() for key, _ in section} | {"hots", "x y", ""}))
lines = st.one_of(
    names.map("[{}]".format),
    st.tuples(keys, st.sampled_from(VALUES)).map(" = ".join),
    st.text(max_size=30),
)


@share(0.095)
@given(text=damaged(st.lists(lines, max_size=12).map("\n".join)))
def test_a_configuration_loads_or_is_a_config_error(tmp_path: Path, text: str) -> None:
    path = tmp_path / "autovelox.toml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        settings = load(path)
    except ConfigError as error:
        assert str(error)
        return
    assert settings.printable()


@share(0.003)
@given(text=damaged(dumped(json_values)))
def test_a_chip_loads_or_is_a_secret_error(tmp_path: Path, text: str) -> None:
    path = tmp_path / "chip.json"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        load_chip(path)
    except SecretError as error:
        assert str(error)
