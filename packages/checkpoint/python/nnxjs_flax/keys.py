"""Paths of leaves, and the keys that stand for them in a file."""

import re

INTEGER = re.compile(r"-?(0|[1-9][0-9]*)\Z")


def key_of(path):
    """The key of a path, a sequence of strings and integers."""
    if list(path) == ["__metadata__"]:
        return r"\__metadata__"
    return ".".join(_written(part) for part in path)


def _written(part):
    if isinstance(part, int):
        return str(part)
    if part == "":
        return r"\e"
    if INTEGER.match(part):
        return "\\" + part
    return part.replace("\\", "\\\\").replace(".", "\\.")


def parts_of(key):
    """The path that a key stands for, each part as text: a State of nnxjs does not tell 0 and "0" apart."""
    if key == "":
        return ()
    return tuple(_read(part) for part in re.findall(r"((?:[^.\\]|\\.)*)(?:\.|\Z)", key, re.DOTALL)[:-1] or [key])


def _read(part):
    return "" if part == r"\e" else re.sub(r"\\(.)", r"\1", part, flags=re.DOTALL)


def camel_case(name):
    """`opt_state` as `optState`; a `_` at the end or at the start stays."""
    return re.sub(r"(?<=[A-Za-z0-9])_([a-z0-9])", lambda match: match.group(1).upper(), name)
