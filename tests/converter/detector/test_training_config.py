"""The settings of a detector's training: filled into pipeline.config, or refused with what to give instead."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from converter.detector.pipeline import Plan, fill
from converter.errors import ConverterError

PLAN = Plan(records=Path("set/train-*.tfrecord"), label_map=Path("set/label_map.pbtxt"), steps=6000)


def test_every_setting_is_filled_in() -> None:
    text = fill(replace(PLAN, batch=7, rate=0.015, width=384, height=288))
    assert "$" not in text.partition("model {")[2]
    assert "height: 288 width: 384" in text
    for line in ("batch_size: 7", "num_steps: 6000", "learning_rate_base: 0.015", "warmup_steps: 300"):
        assert line in text
    assert "fine_tune_checkpoint:" not in text


def test_a_training_starts_from_a_network() -> None:
    text = fill(replace(PLAN, start=Path("old/network-1"), start_kind="full"))
    assert 'fine_tune_checkpoint: "old/network-1"' in text
    assert 'fine_tune_checkpoint_type: "full"' in text


def test_the_warm_up_of_a_short_training_is_shorter() -> None:
    assert "warmup_steps: 10\n" in fill(replace(PLAN, steps=40))


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"width": 300}, "multiples of 32"),
        ({"height": 32}, "at least 64"),
        ({"frozen": 18}, "give 0 to 17"),
        ({"steps": 0}, "give numbers above zero"),
        ({"rate": 0.0}, "give numbers above zero"),
    ],
)
def test_impossible_settings_are_refused(changed: dict[str, float], says: str) -> None:
    with pytest.raises(ConverterError, match=says):
        replace(PLAN, **changed)
