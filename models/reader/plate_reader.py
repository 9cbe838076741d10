"""Autovelox's plate reader: the network, in the form in which EasyOCR loads a network of one's own.

A fixed grey canvas of 64 x 192 goes through a small residual convolutional trunk to a map of 2 x 48 cells. The rows are
laid one behind the other, the upper one first, so that a plate of two lines is one sequence; layers of
self-attention see all 96 cells and decide which row holds a character. Trained with CTC (Graves et al., 2006); class 0
is the blank.
"""

import torch
import torch.nn.functional as F
from torch import nn


def _conv(inputs, outputs, stride=1):
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)
    )


class _Residual(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.first = _conv(channels, channels)
        self.second = nn.Sequential(nn.Conv2d(channels, channels, 3, 1, 1, bias=False), nn.BatchNorm2d(channels))

    def forward(self, x):
        return F.relu(x + self.second(self.first(x)))


class _Attention(nn.Module):
    """A pre-norm transformer layer (Vaswani et al., 2017; Xiong et al., 2020)."""

    def __init__(self, width, heads, hidden):
        super().__init__()
        self.heads = heads
        self.norm_attention, self.norm_feed = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.merge = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.feed = nn.Sequential(nn.Linear(width, hidden), nn.GELU(), nn.Linear(hidden, width))

    def forward(self, x):
        batch, cells, width = x.shape
        qkv = self.qkv(self.norm_attention(x)).view(batch, cells, 3, self.heads, width // self.heads)
        query, key, value = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        if self.training:  # on a CPU this is faster than torch's fused attention, without gradients it is slower
            weights = torch.softmax(query @ key.transpose(-1, -2) * key.shape[-1] ** -0.5, dim=-1)
            mixed = weights.to(value.dtype) @ value
        else:
            mixed = F.scaled_dot_product_attention(query, key, value)
        x = x + self.merge(mixed.transpose(1, 2).reshape(batch, cells, width))
        return x + self.feed(self.norm_feed(x))


class _Origin(nn.Module):
    """Where the plate comes from: looks at a few places of the picture, as seen and as understood."""

    def __init__(self, width, looks, hidden, countries):
        super().__init__()
        self.where = nn.Linear(2 * width, looks)
        self.decide = nn.Sequential(nn.Linear(2 * width * looks, hidden), nn.GELU(), nn.Linear(hidden, countries))

    def forward(self, seen, understood):
        cells = torch.cat((seen, understood), dim=2)
        looks = torch.softmax(self.where(cells), dim=1).transpose(1, 2) @ cells
        return self.decide(looks.flatten(1))


class Model(nn.Module):
    """``forward(image (B, 1, 64, 192) in -1..1, text)`` returns logits (B, 96, num_class); *text* is ignored.

    *pairs* are the residual pairs on the second and on the third of *channels*, *layers* those of attention. Where
    *countries* is not 0 the network also says where the plate comes from: what ``origin`` returns, logits (B,
    countries), for whoever hooks into it; EasyOCR takes no notice of it.
    """

    def __init__(self, num_class, channels=(24, 48, 80, 128), pairs=(1, 1), heads=4, hidden=256, layers=2, countries=0):
        super().__init__()
        c1, c2, c3, c4 = channels
        self.trunk = nn.Sequential(
            _conv(1, c1, 2), _conv(c1, c2, 2), *(_Residual(c2) for _ in range(pairs[0])),
            _conv(c2, c3, (2, 1)), *(_Residual(c3) for _ in range(pairs[1])),
            _conv(c3, c4, (2, 1)), _conv(c4, c4, (2, 1)),
        )  # fmt: skip
        self.place = nn.Parameter(torch.randn(1, 96, c4) * 0.02)
        self.attention = nn.Sequential(*(_Attention(c4, heads, hidden) for _ in range(layers)))
        self.norm = nn.LayerNorm(c4)
        self.classify = nn.Linear(c4, num_class)
        self.origin = _Origin(c4, 4, 64, countries) if countries else None

    def see(self, image):
        """Return what the convolutions see: (B, 96, width), the upper row's 48 cells first."""
        return self.trunk(image).permute(0, 2, 3, 1).flatten(1, 2)

    def understand(self, cells):
        """Return what the attention makes of what :meth:`see` returned: (B, 96, width)."""
        return self.norm(self.attention(cells + self.place))

    def forward(self, image, text=None):
        seen = self.see(image)
        understood = self.understand(seen)
        if self.origin is not None:
            self.origin(seen, understood)
        return self.classify(understood)
