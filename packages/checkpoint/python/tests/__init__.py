"""Tests of nnxjs_flax: python -m unittest discover -t packages/checkpoint/python -s packages/checkpoint/python/tests"""

import os

# Before JAX is imported: eight devices on one processor.
os.environ.setdefault("XLA_FLAGS", "--xla_force_host_platform_device_count=8")
os.environ.setdefault("JAX_PLATFORMS", "cpu")
