"""A teacher: what a training is not to unlearn."""

from __future__ import annotations

from typing import Any

from tests.support.lazy import lazy

torch = lazy("torch")
losses = lazy("converter.reader.losses")


def outputs(texts: list[list[int]]) -> Any:
    """Logits (B, 96, 37) of a network that is sure of *texts*, as classes: a cell each, blanks all around."""
    logits = torch.zeros(len(texts), 96, 37)
    logits[:, :, 0] = 12.0
    for row, text in enumerate(texts):
        for place, character in enumerate(text):
            logits[row, 4 * place + 2, [0, character]] = torch.tensor([0.0, 12.0])
    return logits


def teacher_saying(texts: list[list[int]]) -> Any:
    network = torch.nn.Module()
    network.see = network.understand = lambda cells: cells
    network.classify = lambda _: outputs(texts)
    return losses.Teacher(network)


def batch(texts: list[list[int]]) -> Any:
    targets = torch.tensor([character for text in texts for character in text])
    return torch.zeros(len(texts), 1, 64, 192), targets, torch.tensor([len(text) for text in texts]), None


def test_a_teacher_holds_to_what_it_reads_rightly_and_to_nothing_else() -> None:
    teacher = teacher_saying([[5, 6, 7], [8, 8, 9], []])
    right, one_wrong = batch([[5, 6, 7], [8, 8, 9], []]), batch([[5, 6, 7], [8, 8, 10], []])
    unsure = torch.zeros(3, 96, 37)
    assert float(teacher.divergence(right, outputs([[5, 6, 7], [8, 8, 9], []]))) < 1e-4
    apart = float(teacher.divergence(right, unsure))
    assert apart > 10.0  # ln(37) nats a cell, 96 cells, 3 characters
    assert 0.0 < float(teacher.divergence(one_wrong, unsure)) < apart
    assert float(teacher.divergence(batch([[1], [2], [3]]), unsure)) == 0.0
