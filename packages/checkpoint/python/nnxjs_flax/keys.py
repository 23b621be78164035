"""Paths of leaves, and the keys that stand for them in a file: see "Keys" in FORMAT.md."""

import re

from .errors import CheckpointError

INTEGER = re.compile(r"(0|-?[1-9][0-9]*)\Z")
PART = re.compile(r"((?:[^.\\]|\\.)*)(?:\.|\Z)", re.DOTALL)


def key_of(path):
    """The key of a path, a sequence of strings and integers.

    >>> key_of(["layers", 0, "a.b", "7"])
    'layers.0.a\\\\.b.\\\\7'
    """
    if list(path) == ["__metadata__"]:
        return r"\__metadata__"
    return ".".join(_written(part) for part in path)


def _written(part):
    if not isinstance(part, str):
        return str(int(part))
    if part == "":
        return r"\e"
    if INTEGER.match(part):
        return "\\" + part
    return part.replace("\\", "\\\\").replace(".", "\\.")


def parts_of(key):
    """The path that a key stands for, a tuple of texts: a State of nnxjs does not tell 0 and "0" apart.

    Raises CheckpointError for what `key_of` never writes.
    """
    if key == "":
        return ()
    parts, at = [], 0
    while at <= len(key):
        found = PART.match(key, at)
        if not found:
            break
        parts.append(_read(key, found[1]))
        at = found.end() + (0 if found.end() > found.end(1) else 1)
    if at <= len(key):
        raise _bad(key)
    return tuple(parts)


def _read(key, part):
    if part == r"\e":
        return ""
    if part == "" or re.search(r"\\(?![\\._\-0-9])", part.replace(r"\\", "")):
        raise _bad(key)
    return re.sub(r"\\(.)", r"\1", part, flags=re.DOTALL)


def _bad(key):
    return CheckpointError(
        f"key {key!r}: expected parts joined by dots, with \\ before dots in them, got another key. The file is another library's."
    )


def camel_case(name):
    """`opt_state` as `optState`; a `_` at the end or at the start stays."""
    return re.sub(r"(?<=[A-Za-z0-9])_([a-z0-9])", lambda match: match.group(1).upper(), name)
