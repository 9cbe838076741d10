"""Notices: who looks after the centre is told what is wrong, by e-mail and webhook, once for each thing."""

from centre.notices.channels import Channel, EmailChannel, Message, WebhookChannel, channels_of, read_secret
from centre.notices.problems import Bounds, Problem, find_problems
from centre.notices.watch import Watch

__all__ = [
    "Bounds",
    "Channel",
    "EmailChannel",
    "Message",
    "Problem",
    "Watch",
    "WebhookChannel",
    "channels_of",
    "find_problems",
    "read_secret",
]
