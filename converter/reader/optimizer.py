"""The trainer's optimizer: Muon for the matrices, AdamW for all else, both on a one-cycle schedule."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.optim.lr_scheduler import OneCycleLR

_MATRIX, _KERNEL = 2, 4
_WEIGHT_DECAY = 0.01


class Optimizer:
    """Muon (Jordan et al. 2024) on the linear layers within the network and on its convolutions, AdamW on the rest.

    Updates of both are of like size (Liu et al. 2025, "Muon is Scalable for LLM Training"), so that one *rate*, the
    peak of a one-cycle schedule (Smith, 2018) of *steps* steps, serves both. The convolutions have to lie channels
    last: Muon sees each as a matrix of its outputs by all that they sum.
    """

    def __init__(self, network: nn.Module, head: nn.Module, rate: float, steps: int) -> None:
        self._modules = (network, head)
        inner = [p for name, p in network.named_parameters() if not name.startswith(("classify", "origin"))]
        self._kernels = [p for p in inner if p.ndim == _KERNEL and p.shape[1] > 1]
        self._flat = [nn.Parameter(_matrix(p.detach())) for p in self._kernels]
        matrices = [p for p in inner if p.ndim == _MATRIX]
        taken = {id(p) for p in (*self._kernels, *matrices)}
        rest = [p for module in self._modules for p in module.parameters() if id(p) not in taken]
        muon = torch.optim.Muon(
            [*matrices, *self._flat], lr=rate, weight_decay=_WEIGHT_DECAY, adjust_lr_fn="match_rms_adamw"
        )
        self._optimizers: tuple[torch.optim.Optimizer, ...] = (
            muon, torch.optim.AdamW(rest, lr=rate, weight_decay=_WEIGHT_DECAY),
        )  # fmt: skip
        self._schedules = tuple(
            OneCycleLR(o, rate, total_steps=steps, pct_start=0.1, cycle_momentum=o is not muon)
            for o in self._optimizers
        )

    def step(self) -> None:
        """Move the weights along their gradients and the rates along their schedule.

        The gradients of the network are clipped to a norm of 2.
        """
        nn.utils.clip_grad_norm_(self._modules[0].parameters(), 2.0)
        for flat, kernel in zip(self._flat, self._kernels, strict=True):
            assert kernel.grad is not None
            flat.grad = kernel.grad.permute(0, 2, 3, 1).flatten(1)
        for optimizer in self._optimizers:
            optimizer.step()
        for schedule in self._schedules:
            schedule.step()

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for module in self._modules:
            module.zero_grad(set_to_none=True)

    def state_dict(self) -> dict[str, Any]:
        """Return what :meth:`load_state_dict` takes."""
        return {
            "optimizers": [o.state_dict() for o in self._optimizers],
            "schedules": [s.state_dict() for s in self._schedules],
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where :meth:`state_dict` was taken."""
        for optimizer, saved in zip(self._optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
        for schedule, saved in zip(self._schedules, state["schedules"], strict=True):
            schedule.load_state_dict(saved)


def _matrix(kernel: torch.Tensor) -> torch.Tensor:
    """Return *kernel* (outputs, inputs, rows, columns) as a matrix (outputs, rows * columns * inputs) on its memory."""
    matrix = kernel.permute(0, 2, 3, 1).flatten(1)
    assert matrix.data_ptr() == kernel.data_ptr(), "kernels have to lie channels last"
    return matrix
