"""Taking out of a text what may tell of a patient: paths, names of files, names of cases."""

from __future__ import annotations

import hashlib
import re
import secrets
import sys
from collections.abc import Iterable
from pathlib import Path

_SALT = secrets.token_bytes(16)
"""New in each session: the same name is the same mark within a session, and cannot be guessed."""

_PACKAGE = Path(__file__).parents[1]
_OWN = (str(_PACKAGE.parent), sys.prefix, sys.base_prefix)
_QUOTED = re.compile(r"(['\"])([^'\"\n]*[/\\][^'\"\n]*)\1")
_PATH = re.compile(r"(?:[A-Za-z]:[\\/]|\\\\|~?/)[^\s'\"<>|*?:,;()\[\]]+")
_FILE = re.compile(
    r"[^\s'\"/\\]+\.(?:nii\.gz|nii|mha|mhd|nrrd|dcm|json|csv|pdf|html|sqlite|bak\d*)\b",
    re.IGNORECASE,
)
_words: set[str] = set()


def keep_out(words: Iterable[str]) -> None:
    """Take these words out of every text from now on: names of cases, layers and folders."""
    _words.update(word for word in words if len(word) >= 3)


def redact(text: str) -> str:
    """``text`` with paths, file names and the words of `keep_out` replaced by marks.

    Paths of the program itself and of Python stay, without the folder they are installed in. Names
    of patients that stand in a text as plain words nobody announced cannot be told from others.
    """
    text = _QUOTED.sub(lambda m: f"{m[1]}{_path(m[2])}{m[1]}", text)
    text = _PATH.sub(lambda m: _path(m[0]), text)
    text = _FILE.sub(lambda m: _mark("file", m[0]), text)
    for word in sorted(_words, key=len, reverse=True):
        text = text.replace(word, _mark("case", word))
    return text


def _path(path: str) -> str:
    for folder in _OWN:
        if path.startswith(folder):  # with another slash, so that `_PATH` passes it by
            return "~" + path[len(folder) :].replace("\\", "/").replace("/", "\u2215")
    return _mark("path", path)


def _mark(kind: str, name: str) -> str:
    digest = hashlib.blake2b(name.encode(errors="replace"), digest_size=4, key=_SALT).hexdigest()
    return f"<{kind} {digest}>"
