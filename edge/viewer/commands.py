"""``autovelox view``: the viewer on the command line."""

from __future__ import annotations

import argparse
import os
from contextlib import closing

from edge.officers import add_where, open_desk
from edge.viewer.text import language

NETWORK_PHOTO_WIDTH = 624
"""A photo costs 4 bytes per pixel over the network; on a local display it takes the room that there is."""


def add_commands(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``view`` to the command line."""
    parser = subparsers.add_parser("view", help="look at the cases and judge them, in a window")
    add_where(parser)
    parser.add_argument(
        "--lang", choices=language.LANGUAGES, help="the language; without it, the last one, or that of the locale"
    )
    parser.add_argument("--dark", action="store_true", help="start with light text on a dark ground")
    parser.add_argument(
        "--scale", type=_scale, metavar="X", help="size of everything, 0.5 to 4; without it, as the display says"
    )
    parser.add_argument(
        "--photo-width",
        type=_photo_width,
        metavar="PIXELS",
        help=f"widest photo beside the data; {NETWORK_PHOTO_WIDTH} over a network, else as wide as there is room",
    )
    parser.set_defaults(run=_view)


def _view(arguments: argparse.Namespace) -> int:
    from edge.viewer.control import Options, run  # Tk is loaded only for this command
    from edge.viewer.data import place, recall

    width = NETWORK_PHOTO_WIDTH if over_network(os.environ.get("DISPLAY", "")) else None
    last = recall(place())
    with closing(open_desk(arguments)) as desk:
        run(
            Options(
                desk=desk,
                locale=arguments.lang or last.language or language.from_environment(),
                dark=arguments.dark or last.dark,
                photo_width=arguments.photo_width or width,
                scale=arguments.scale,
                zoom=last.zoom,
                geometry=last.geometry,
                remember_in=place(),
            )
        )
    return 0


def over_network(display: str) -> bool:
    """Return whether the X *display* (as in ``$DISPLAY``) is reached over the network, for example through ssh."""
    return not display.startswith((":", "unix:", "/"))


def _scale(text: str) -> float:
    value = float(text)
    if not 0.5 <= value <= 4:
        raise argparse.ArgumentTypeError("choose a scale from 0.5 to 4")
    return value


def _photo_width(text: str) -> int:
    value = int(text)
    if not 160 <= value <= 4096:
        raise argparse.ArgumentTypeError("choose a width from 160 to 4096 pixels")
    return value
