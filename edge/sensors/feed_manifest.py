"""The manifest of a recorded feed: which clips, in which order, and when the radar triggers.

TOML::

    gap_s = 1.0            # pause before each clip
    loop = false           # begin again after the last clip

    [[clip]]
    file = "clips/a.mp4"   # from the manifest's folder
    start_frame = 30       # first frame to play, counted in the file
    frames = 60            # how many; left out: to the end
    fps = 12.0             # left out: the clip's own

    [[clip.trigger]]
    frame = 48             # counted in the file: the first frame exposed after the trigger
    speed_kmh = 71.0       # left out: no speed was measured
    direction = "inbound"
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError, model_validator

from edge.config import NotNegative, Positive, Section
from edge.errors import ConfigError, why


class FeedTrigger(Section):
    """``[[clip.trigger]]``: the radar triggers so that ``frame`` is the first one exposed after the edge."""

    frame: Annotated[int, Field(ge=0)]
    speed_kmh: Positive | None = None
    direction: Literal["inbound", "outbound"] | None = None


class Clip(Section):
    """``[[clip]]``: a part of a video file; all frame numbers count from the beginning of the file."""

    file: Path
    start_frame: Annotated[int, Field(ge=0)] = 0
    frames: Annotated[int, Field(ge=1)] | None = None
    fps: Positive | None = None
    trigger: tuple[FeedTrigger, ...] = ()

    @model_validator(mode="after")
    def _triggers_are_played(self) -> Clip:
        if len({trigger.frame for trigger in self.trigger}) < len(self.trigger):
            raise ValueError("two triggers name the same frame")
        for trigger in self.trigger:
            if trigger.frame < self.start_frame or (
                self.frames is not None and trigger.frame >= self.start_frame + self.frames
            ):
                raise ValueError(f"frame {trigger.frame} of a trigger is not among the frames that are played")
        return self


class FeedManifest(Section):
    """The contents of a feed manifest."""

    gap_s: NotNegative = 0.0
    loop: bool = False
    clip: Annotated[tuple[Clip, ...], Field(min_length=1)]


def load_feed_manifest(path: Path) -> FeedManifest:
    """Read and check the manifest at *path*; the paths of the clips in the result are absolute.

    Raises:
        ConfigError: the file cannot be read, a key is wrong, or a clip is missing.
    """
    try:
        manifest = FeedManifest.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise ConfigError(f"there is no manifest {path}", "set manifest in [camera] to the feed's TOML file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read ({why(error)})", "check its name and permissions") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not valid TOML: {error}", "correct that line") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        cause = first["msg"].removeprefix("Value error, ")
        raise ConfigError(f"{path}: {where}: {cause}", "correct the feed manifest") from None
    folder = path.resolve().parent
    clips = tuple(clip.model_copy(update={"file": folder / clip.file}) for clip in manifest.clip)
    for clip in clips:
        if not clip.file.is_file():
            raise ConfigError(f"{path} names {clip.file}, which is not there", "put the clip there")
    return manifest.model_copy(update={"clip": clips})
