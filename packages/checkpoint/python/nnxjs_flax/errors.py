"""The one error of this module."""


class CheckpointError(ValueError):
    """A file that cannot be read or written, or that does not fit what it is read into.

    Its text says where, what was expected, what was got, and what to do. Errors of the disk are `OSError`s, as everywhere.
    """
