"""The leaves of Flax modules, by their paths in nnxjs."""

import dataclasses

import jax
import optax
from flax import nnx

from .errors import CheckpointError
from .keys import camel_case, key_of


@dataclasses.dataclass(frozen=True)
class Leaf:
    """A Variable, or an array without one.

    Attributes:
      path: its path in nnxjs, of texts and integers.
      variable: the Variable; None for a bare array.
      owner: the object that has it.
      name: what it is called there, in Flax.
    """

    path: tuple
    variable: nnx.Variable | None
    owner: object
    name: object

    @property
    def key(self):
        return key_of(self.path)

    @property
    def value(self):
        return _child(self.owner, self.name) if self.variable is None else self.variable.get_raw_value()

    def replace(self, value):
        """Puts another value there, in place."""
        if self.variable is not None:
            self.variable.set_raw_value(value)
        elif isinstance(self.name, int) or isinstance(self.owner, (dict, nnx.State)):
            self.owner[self.name] = value
        else:
            setattr(self.owner, self.name, value)


def leaves_of(where, nodes, names):
    """All leaves, each once, under the path that comes first.

    Args:
      where: who asks, for messages.
      nodes: a module, optimizer, metric, Rngs, Variable or State; or dicts and lists of these.
      names: names of attributes here, and those in nnxjs.
    Raises CheckpointError for what holds no leaves, and for paths that nnxjs cannot have.
    """
    if isinstance(nodes, nnx.Variable):
        return [Leaf((), nodes, None, None)]
    try:
        flat = nnx.to_flat_state(nodes if isinstance(nodes, nnx.State) else nnx.state(nodes))
    except (IndexError, TypeError, ValueError) as error:
        raise CheckpointError(
            f"{where}: expected modules, or a dict of them, got {type(nodes).__name__}, of which Flax says: {error}. Pass modules first."
        ) from error
    if len(flat) == 0:
        raise CheckpointError(
            f"{where}: expected modules, or a dict of them, got nothing that has Variables. Pass them first."
        )
    found = {}
    for parts, _ in flat:
        leaf = _leaf_at(where, nodes, parts, names)
        # optax stands this for parameters that a mask leaves out; nnxjs has nothing there.
        if isinstance(leaf.value, optax.MaskedNode):
            continue
        # A path of nnxjs does not tell 0 and "0" apart.
        text = tuple(map(str, leaf.path))
        if text in found:
            raise CheckpointError(f"{where} at {leaf.key}: expected one leaf of that path, got two. Change names.")
        found[text] = leaf
    return list(found.values())


def _leaf_at(where, root, parts, names):
    path, owner, name, node, in_optimizer = [], None, None, root, False
    for part in parts:
        if isinstance(node, nnx.Variable):
            break
        owner, name = node, part
        in_optimizer |= isinstance(owner, nnx.Optimizer)
        mapped = names.get(part, part) if isinstance(part, str) else part
        path.append(camel_case(part) if in_optimizer and _is_field(owner, part, path) else _part(where, path, mapped))
        try:
            node = _child(owner, part)
        except (AttributeError, KeyError, IndexError, TypeError) as error:
            raise CheckpointError(
                f"{where} at {key_of(path)}: expected a container of modules, got {type(owner).__name__}. Use dicts and lists."
            ) from error
    return Leaf(tuple(path), node if isinstance(node, nnx.Variable) else None, owner, name)


def _part(where, path, part):
    if isinstance(part, tuple) and all(isinstance(each, str) for each in part):
        # As in the statistics of SpectralNorm, whose keys are paths.
        return "/".join(part)
    if isinstance(part, (str, int)) and not isinstance(part, bool):
        return part
    raise CheckpointError(f"{where} at {key_of(path)}: expected texts and integers as names, got {part!r}. Rename it.")


def _is_field(owner, part, above):
    """Whether a name in an optimizer is optax's, and not that of a parameter or a label."""
    if isinstance(owner, dict):
        return bool(above) and above[-1] in ("hyperparams", "hyperparamsStates")
    return isinstance(part, str) and not isinstance(owner, nnx.State)


def _child(node, part):
    if isinstance(part, int) or isinstance(node, (dict, nnx.State)):
        return node[part]
    return getattr(node, part)


def is_key(value):
    """Whether it is an array of typed keys, real or abstract."""
    dtype = getattr(value, "dtype", None)
    return dtype is not None and jax.dtypes.issubdtype(dtype, jax.dtypes.prng_key)
