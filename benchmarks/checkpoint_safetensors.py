"""What safetensors itself needs for a file: python benchmarks/checkpoint_safetensors.py FILE ROUNDS. Prints seconds as JSON."""
import json
import os
import sys
import time
import zlib

import numpy as np
from safetensors.numpy import load_file, save_file

path, rounds = sys.argv[1], int(sys.argv[2])
tensors = {key: np.array(value) for key, value in load_file(path).items()}
times = {"save, flushed": [], "load": [], "load, CRC-32": []}


def timed(name, run):
    start = time.perf_counter()
    run()
    times[name].append(time.perf_counter() - start)


def save():
    save_file(tensors, path + ".py")
    with open(path + ".py", "rb") as file:
        os.fsync(file.fileno())


for _ in range(rounds):
    timed("save, flushed", save)
    # Loading maps the file: a copy reads it.
    timed("load", lambda: [np.array(value) for value in load_file(path + ".py").values()])
    timed("load, CRC-32", lambda: [zlib.crc32(np.array(value).tobytes()) for value in load_file(path + ".py").values()])
os.remove(path + ".py")
print(json.dumps(times))
