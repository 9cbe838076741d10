"""Make a trained network cheaper to run without changing what it says.

Apart from :mod:`edge.vision.easyocr_backend`, since the converter fuses too and needs no EasyOCR for it.
"""

from __future__ import annotations

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval


def fuse_batch_norms(network: nn.Module) -> None:
    """Fuse every batch norm of *network* that follows a convolution in a sequence with that convolution, in place.

    The network has to be in evaluation mode. A batch norm is linear then (Ioffe and Szegedy 2015), so the outputs stay
    the same but for rounding.
    """
    for sequence in [module for module in network.modules() if isinstance(module, nn.Sequential)]:
        for place in reversed(range(len(sequence) - 1)):
            convolution, norm = sequence[place], sequence[place + 1]
            if isinstance(convolution, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                sequence[place] = fuse_conv_bn_eval(convolution, norm)
                del sequence[place + 1]
