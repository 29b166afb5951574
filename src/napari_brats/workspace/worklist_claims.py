"""Who has a case open: said in its status file, so that others see it on a shared folder."""

from __future__ import annotations

import getpass
import hashlib
import os
import platform
import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from napari_brats.workspace.settings import read_settings
from napari_brats.workspace.status_files import (
    CaseStatus,
    Holder,
    StatusPlace,
    change_status,
)

BEAT_S = 60
"""So often a window says that it still has its case open."""

STALE_S = 300
"""Who did not say so for so long (by the clocks of both machines) no longer has it."""


@dataclass(frozen=True)
class Session:
    """One window, as others see it."""

    session: str
    editor: str
    host: str


def new_session() -> Session:
    """A session of this process: the editor's name of the settings, else the login name."""
    host = hashlib.sha256(platform.node().encode()).hexdigest()[:12]
    return Session(f"{os.getpid()}-{secrets.token_hex(6)}", editor_name(), host)


def editor_name() -> str:
    """Who works here: the name in the settings, else the login name, else nothing."""
    if name := read_settings().editor.strip():
        return name
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container without users
        return ""


def other_holder(status: CaseStatus, me: Session, now: datetime | None = None) -> Holder | None:
    """Who else has the case open and was alive lately; None if nobody has."""
    holder = status.holder
    if holder is None or holder.session in ("", me.session):
        return None
    age = (now or datetime.now(UTC)) - holder.seen
    return None if age > timedelta(seconds=STALE_S) else holder


def claim(place: StatusPlace, me: Session, *, take_over: bool = False) -> CaseStatus:
    """Say that this session has the case open, unless somebody else has; the status then.

    Whose it is then stands in its ``holder``. ``take_over`` claims it whoever has it. SaveError if
    nothing can be written.
    """

    def hold(status: CaseStatus) -> Holder | None:
        if other_holder(status, me) is not None and not take_over:
            return None
        now = datetime.now(UTC)
        since = status.holder.since if status.holder and is_mine(status, me) else now
        return Holder(me.session, me.editor, me.host, since=since, seen=now)

    return change_status(place, {}, hold=hold)


def release(place: StatusPlace, me: Session) -> CaseStatus:
    """Say that the case is free again; one that somebody took over meanwhile stays theirs."""

    def hold(status: CaseStatus) -> Holder | None:
        if status.holder is None or not is_mine(status, me):
            return None
        return replace(status.holder, session="", seen=datetime.now(UTC))

    return change_status(place, {}, hold=hold)


def is_mine(status: CaseStatus, me: Session) -> bool:
    """Whether the case is this session's."""
    return status.holder is not None and status.holder.session == me.session


def in_words(holder: Holder) -> str:
    """Who has a case open, for people: ``Ann, since 14:05 (computer 3f2a)``."""
    since = holder.since.astimezone().strftime("%H:%M")
    return f"{holder.editor or 'somebody'}, since {since} (computer {holder.host[:4]})"
