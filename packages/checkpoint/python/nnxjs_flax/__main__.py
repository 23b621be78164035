"""python -m nnxjs_flax from-orbax DIRECTORY FILE | to-orbax FILE DIRECTORY | list FILE"""

import sys

from .errors import CheckpointError
from .layout import path_of
from .orbax_directories import from_orbax, to_orbax
from .reading import read


def main(arguments):
    match arguments:
        case ["from-orbax", directory, path]:
            from_orbax(directory, path)
        case ["to-orbax", path, directory]:
            to_orbax(path, directory)
        case ["list", path]:
            content = read(path_of("list", path))
            for key, array in sorted(content.arrays.items()):
                print(f"{key}\t{content.leaves.get(key, {}).get('type', '-')}\t{array.dtype}{list(array.shape)}")
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (CheckpointError, OSError) as error:
        sys.exit(f"error: {error}")
