"""What the rooms below say, in the officer's language.

The service and the store speak English: the same sentence goes to a log and to a program. Here it is found among
:data:`MESSAGES` and said again. One that is not there, a technical detail of a check, is quoted as it is.
"""

from __future__ import annotations

import re
from functools import cache

from edge.viewer.text.language import _, language


def told(sentence: str) -> str:
    """Return *sentence* of a room below in the officer's language, or quoted where there are no words for it."""
    if language() == "en" or not sentence:
        return sentence
    for pattern, message in _patterns():
        if found := pattern.fullmatch(sentence):
            parts = {name: told_part(name, value) for name, value in found.groupdict().items()}
            return _(message).format(**parts)
    return _("detail for the operator: «{text}»").format(text=sentence)


def told_part(name: str, value: str) -> str:
    """Return a part of a sentence: another sentence that was put in, a system's own words quoted, or as it is."""
    if name == "error":
        return told(value)
    if name == "detail":
        return f"«{value}»"
    if name == "what":
        return {"the reason": _("the reason"), "the officer's name": _("the officer's name")}.get(value, value)
    return value


def later(message: str) -> str:
    """Return *message* unchanged; so it comes into the catalogue."""
    return message


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((_pattern(message), message) for message in sorted(MESSAGES, key=lambda each: "{" in each))


def _pattern(message: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", message)
    names = {"number": r"\d+", "index": r"\d+", "most": r"\d+"}
    source = "".join(
        f"(?P<{part}>{names.get(part, '.+?')})" if place % 2 else re.escape(part) for place, part in enumerate(parts)
    )
    return re.compile(source, re.DOTALL)


MESSAGES = (
    later("the photo's file was altered since it was recorded"),
    later("the photo's file cannot be decoded"),
    later("the portrait cannot be decoded"),
    later("verify the evidence"),
    later("Everything holds: {count} cases, {entries} entries, all signed with key {key}; head {head}"),
    later("the reason is missing"),
    later("give one, a judge will ask for it"),
    later("the officer's name is missing"),
    later("give it with the review"),
    later("request {number} is no agreed request for claims"),
    later("that waits for a second officer already (request {number})"),
    later("let one agree"),
    later("who asks cannot agree as well"),
    later("let another officer do it"),
    later("your judgement waits for a second officer already"),
    later("let another officer judge"),
    later("there is no case {number}"),
    later("autovelox cases list shows which there are"),
    later("case {number} was purged"),
    later("look for it in backups and exports"),
    later("choose another case, nothing can be recorded for this one any more"),
    later("case {number} is not decided yet"),
    later("wait for the unit's verdict"),
    later("case {number} is closed"),
    later("there is nothing more to record"),
    later("case {number} is no infringement"),
    later("there is nobody to ask for"),
    later("the unit names the driver of case {number}"),
    later("confirm or dismiss it, or correct its plate"),
    later("case {number} is no infringement or was dismissed"),
    later("case {number} names the driver"),
    later("there is nobody to ask"),
    later("no plate was read in case {number}"),
    later("correct the plate first, if the photo shows one"),
    later("an officer read another plate than the one the named driver claimed: this name no longer follows"),
    later("confirm the vehicle alone (confirm_vehicle), dismiss the case, or correct the plate again"),
    later("the vehicle alone is confirmed only where a name fell, and in case {number} none did"),
    later("confirm the case as it stands, set the name aside (set_name_aside), or dismiss it"),
    later("an officer set the name in case {number} aside"),
    later("withdraw that judgement first, if it was wrong (withdraw), or dismiss the case"),
    later("no name stands in case {number} that could be set aside"),
    later("confirm the case as it stands, or the vehicle alone where a name fell (confirm_vehicle)"),
    later("the signed manifest of case {number} names somebody whose name no longer follows"),
    later("a redacted package would tell it: give the report, or authority and judge the whole package"),
    later("{what} is too long"),
    later("use at most {most} characters"),
    later("{what} contains invalid characters"),
    later("the text contains invalid characters"),
    later("type it again"),
    later("a plate has 1 to {most} letters A to Z and digits"),
    later("type what the photo shows"),
    later("the case store cannot be read ({detail})"),
    later("run autovelox cases verify"),
    later("restore the last backup"),
    later("the evidence does not hold: {error} (case {number})"),
    later("the evidence does not hold: {error}"),
    later("keep the store as it is and compare it with the last backup"),
    later("the evidence of case {number} does not hold: {error}"),
    later("do not use it, and run autovelox cases verify"),
    later("case {number} has no photo {index}"),
    later("photo {index} was altered"),
    later("photo {index} is gone"),
    later("the manifest of case {number} is gone"),
    later("the row of case {number} does not agree with the chain"),
    later("the portrait of case {number} was altered or is gone"),
    later("{file} of case {number} is gone"),
    later("{file} of case {number} was altered"),
    later("the chain does not continue what this unit wrote: {error}"),
    later("keep the store as it is, compare it with the last backup, and find out who wrote it"),
    later("{file} exists already"),
    later("choose another name"),
    later("choose another name, a package is never overwritten"),
    later("choose another name, nothing is overwritten"),
    later("the package {file} cannot be written ({detail})"),
    later("{file} cannot be written ({detail})"),
    later("check its folder and the disk"),
    later("check its permissions and the disk"),
    later("{file} cannot be read ({detail})"),
    later("{file} cannot be opened ({detail})"),
    later("check its permissions, or restore the last backup"),
    later("there is no case store in {file}"),
    later("start the unit there first, or name the right folder"),
    later("this account may not read the cases in {file}"),
    later("ask the unit's service: leave --state-dir out"),
    later("the text to search for holds a control character"),
    later("leave it out"),
    later("the package grows beyond 4 GiB"),
    later("export fewer cases at once"),
    later("the disk has no room to make the package"),
    later("export fewer cases at once, or make room"),
    later("the disk is full"),
    later("export and purge cases, or use a larger disk"),
    later("this account may not see the unit's cases"),
    later("let the operator add it to the unit's group, log in again"),
    later("the officers' service has not answered in time"),
    later("try again, or read its journal"),
    later("the officers' service does not answer at {file}"),
    later("let the operator start autovelox-officers"),
    later("the officers' service answers in a way that this program does not know"),
    later("use the program that came with the service"),
    later("the officers' service failed"),
    later("let the operator read its journal"),
    later("the file did not arrive as it was sent"),
    later("ask for it again"),
    later("another officer has judged this case"),
    later("say why you look at it"),
    later("this account has recorded very much just now"),
    later("wait some minutes"),
    later("wait, or search for less"),
    later("without the signing key nothing can be recorded, so no case is shown"),
    later("name the key with --signing-key, or ask the unit's service: leave --state-dir out"),
    later("root and the unit's own account are no second officer"),
    later("let an officer agree"),
    later("Everything holds: {count} cases, {detail}"),
    later("Everything holds: {count} cases, {purged} of them purged, {detail}"),
)
"""Sentences that reach the window, with the parts that change; the longer ones of a kind first."""
