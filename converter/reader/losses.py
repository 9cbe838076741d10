"""What a training of the reader is measured by: the CTC loss, and the distance from a network that knows something."""

from __future__ import annotations

import torch
import torch.nn.functional as functional
from torch import nn

from converter.reader.batches import Batch

_KNOWN_NATS = 0.5
"""What the teacher reads with this loss or less, in nats a text, it knows."""


def ctc_loss(
    logits: torch.Tensor, targets: torch.Tensor, lengths: torch.Tensor, reduction: str = "mean"
) -> torch.Tensor:
    """The CTC loss of *logits* (B, cells, classes), as ``torch.nn.functional.ctc_loss`` reduces it; never infinite.

    *targets* are the classes of all texts one behind the other, *lengths* (B,) how many each text has.
    """
    log_probs = functional.log_softmax(logits.float(), dim=2).transpose(0, 1)
    cells = torch.full((log_probs.shape[1],), log_probs.shape[0], dtype=torch.long)
    return functional.ctc_loss(log_probs, targets, cells, lengths, blank=0, reduction=reduction, zero_infinity=True)


class Teacher:
    """A network of which nothing is to be unlearnt while another one learns something else.

    On the crops that it reads rightly the other one is held to its outputs (Hinton et al. 2015, "Distilling the
    Knowledge in a Neural Network"), and keeps the statistics of its batch norms.
    """

    def __init__(self, network: nn.Module) -> None:
        """*network* is in evaluation mode; it is not changed."""
        self._network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def divergence(self, batch: Batch, logits: torch.Tensor) -> torch.Tensor:
        """The Kullback-Leibler divergence of *logits* (B, 96, 37) from the teacher's, in nats a character.

        It is the mean over *batch*; a crop that the teacher misreads adds 0.
        """
        images, targets, lengths, _ = batch
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            taught = self._network.classify(self._network.understand(self._network.see(images)))
        taught = taught.float()
        knows = ctc_loss(taught, targets, lengths, reduction="none") <= _KNOWN_NATS
        apart = functional.kl_div(
            functional.log_softmax(logits.float(), dim=2), functional.log_softmax(taught, dim=2),
            reduction="none", log_target=True,
        ).sum(dim=(1, 2))  # fmt: skip
        return (apart * knows / lengths.clamp(min=1)).mean()
