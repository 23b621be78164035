"""Writes golden/layers.json: what Flax NNX gives where flax.json has no case: more axes, groups, dropout, broadcast streams.

    python conformance/layers.py [--check]

Needs flax 0.12.8 and jax 0.10.2 (CPU, default configuration); seeds stand in each case.
"""
import warnings
warnings.simplefilter('ignore')
import numpy as np, jax, jax.numpy as jnp
from flax import nnx
from golden_file import finish

CASES = {}
I = nnx.initializers
K = jax.random.key
R = lambda: nnx.Rngs(0)
noise = lambda seed, *shape: jax.random.normal(K(seed), shape)
BIAS = dict(bias_init=I.normal(1.0))


def arr(x):
    if isinstance(x, nnx.Variable): x = x.get_value()
    if isinstance(x, (jax.Array, np.ndarray)):
        if jnp.issubdtype(x.dtype, jax.dtypes.prng_key):
            x = jax.random.key_data(x)
            return {'shape': list(x.shape), 'dtype': 'prng_key', 'data': np.asarray(x).reshape(-1).tolist()}
        a = np.asarray(x)
        return {'shape': list(a.shape), 'dtype': str(a.dtype), 'data': [None if v != v else v for v in a.reshape(-1).tolist()]}
    if isinstance(x, (list, tuple)): return [arr(v) for v in x]
    if isinstance(x, nnx.State): return {'/'.join(map(str, p)): arr(v) for p, v in nnx.to_flat_state(x)}
    return x


def case(name, make, *inputs, call=lambda m, *xs: m(*xs), grad=True):
    """Output and state of one call; then, of a fresh layer, gradients of half the sum of squared outputs."""
    m = make(); before = arr(nnx.state(m)); y = call(m, *inputs)
    found = {'inputs': [arr(x) for x in inputs], 'state': before, 'output': arr(y), 'state_after': arr(nnx.state(m))}
    if grad:
        loss = lambda m, x, *rest: 0.5 * sum(jnp.sum(o ** 2) for o in jax.tree.leaves(call(m, x, *rest)))
        l, (g, gx) = nnx.value_and_grad(loss, argnums=(0, 1))(make(), *inputs)
        found |= {'loss': arr(l), 'param_grads': arr(g), 'input_grad': arr(gx)}
    CASES[name] = found


conv = lambda *a, **k: (lambda: nnx.Conv(*a, rngs=R(), **BIAS, **k))
case('Conv3d', conv(2, 3, (2, 3, 2)), noise(1, 1, 3, 4, 3, 2))
case('Conv3d_strides_dilation', conv(2, 2, (2, 2, 2), strides=2, kernel_dilation=(2, 1, 2)), noise(1, 1, 5, 4, 5, 2))
case('Conv2d_depthwise', conv(3, 6, (3, 2), feature_group_count=3, strides=(1, 2)), noise(1, 2, 4, 5, 3))
case('Conv2d_input_dilation', conv(2, 3, (3, 3), input_dilation=(2, 3), padding=((2, 1), (1, 1))), noise(1, 1, 3, 3, 2))
case('Conv2d_negative_padding', conv(2, 2, (2, 2), padding=((-1, 1), (2, -2)), strides=2), noise(1, 1, 5, 5, 2))
case('Conv2d_reflect_even', conv(1, 2, (4, 3), padding='REFLECT', kernel_dilation=(1, 2)), noise(1, 1, 5, 6, 1))
case('Conv2d_batch_dims', conv(2, 3, (3, 3)), noise(1, 2, 2, 3, 3, 2))
convt = lambda *a, **k: (lambda: nnx.ConvTranspose(*a, rngs=R(), **BIAS, **k))
case('ConvTranspose1d_dilation_valid', convt(2, 3, 3, strides=3, kernel_dilation=2, padding='VALID'), noise(1, 1, 4, 2))
case('ConvTranspose2d_pairs', convt(2, 2, (3, 2), strides=(2, 1), padding=((1, 2), (0, 1))), noise(1, 1, 3, 3, 2))
case('ConvTranspose2d_circular_transpose_kernel', convt(2, 2, (4, 3), strides=2, padding='CIRCULAR', transpose_kernel=True), noise(1, 1, 3, 4, 2))
case('ConvTranspose3d', convt(1, 2, (2, 2, 3), strides=2), noise(1, 1, 2, 2, 2, 1))
case('BatchNorm_axis1_slow_mask', lambda: nnx.BatchNorm(3, axis=1, use_fast_variance=False, rngs=R(), **BIAS), noise(1, 4, 3, 2),
     call=lambda m, x: m(x, mask=jnp.array([1, 0, 1, 1], bool)[:, None, None]))
case('LayerNorm_axes', lambda: nnx.LayerNorm(6, reduction_axes=(1, 2), feature_axes=(1, 2), rngs=R(), **BIAS), noise(1, 2, 3, 2))
case('GroupNorm_mask', lambda: nnx.GroupNorm(4, num_groups=2, rngs=R(), **BIAS), noise(1, 2, 3, 4),
     call=lambda m, x: m(x, mask=jnp.array([[1, 1, 0], [0, 1, 1]], bool)[:, :, None] & jnp.ones((2, 3, 4), bool)))
case('InstanceNorm_axis1', lambda: nnx.InstanceNorm(3, feature_axes=1, rngs=R(), **BIAS), noise(1, 2, 3, 5))
case('WeightNorm_conv', lambda: nnx.WeightNorm(nnx.Conv(2, 3, (3,), rngs=R()), feature_axes=(1, 2), rngs=R()), noise(1, 1, 4, 2))
case('SpectralNorm_conv_3_steps', lambda: nnx.SpectralNorm(nnx.Conv(2, 3, (3,), rngs=R()), n_steps=3, rngs=R()), noise(1, 1, 4, 2))
mha = lambda h, f, **k: (lambda: nnx.MultiHeadAttention(h, f, rngs=nnx.Rngs(0, dropout=1), **BIAS, **k))
case('MHA_dropout', mha(2, 4, dropout_rate=0.4, deterministic=False, decode=False), noise(1, 2, 3, 4))
case('MHA_dropout_each_head', mha(4, 8, num_kv_heads=2, qkv_features=16, out_features=3, dropout_rate=0.4, broadcast_dropout=False, deterministic=False, decode=False), noise(1, 2, 3, 8))
case('MHA_key_value', mha(2, 4, decode=False, in_kv_features=5), noise(1, 1, 3, 4), noise(2, 1, 4, 5), noise(3, 1, 4, 5))
bias = noise(9, 2, 4, 3, 5)
case('dot_product_attention_gqa_bias', lambda: nnx.Dict(), noise(1, 2, 3, 4, 6), noise(2, 2, 5, 2, 6), noise(3, 2, 5, 2, 6), bias,
     call=lambda m, q, k, v, b: nnx.dot_product_attention(q, k, v, bias=b, mask=jnp.tril(jnp.ones((1, 1, 3, 5)))), grad=False)


class Cell(nnx.Module):
    """A GRU that drops part of its input."""
    def __init__(self):
        self.drop = nnx.Dropout(0.5, rngs=nnx.Rngs(dropout=3)); self.cell = nnx.GRUCell(2, 3, rngs=R())
    def __call__(self, carry, x): return self.cell(carry, self.drop(x))
    def initialize_carry(self, shape, rngs): return self.cell.initialize_carry(shape, rngs)
    num_feature_axes = 1


case('RNN_dropout', lambda: nnx.RNN(Cell()), noise(1, 2, 4, 2))
case('RNN_dropout_broadcast', lambda: nnx.RNN(Cell(), broadcast_rngs='dropout'), noise(1, 2, 4, 2), grad=False)
case('RNN_reverse_lengths_carry', lambda: nnx.RNN(nnx.OptimizedLSTMCell(2, 3, rngs=R(), **BIAS), reverse=True, return_carry=True), noise(1, 2, 4, 2),
     call=lambda m, x: m(x, seq_lengths=jnp.array([2, 4])))
case('RNN_time_major_reverse_keep', lambda: nnx.RNN(nnx.SimpleCell(2, 3, rngs=R(), **BIAS), time_major=True, reverse=True, keep_order=True), noise(1, 4, 2, 2),
     call=lambda m, x: m(x, seq_lengths=jnp.array([3, 4])))
case('LoRA_alone', lambda: nnx.LoRA(3, 2, 4, rngs=R(), b_initializer=I.normal(1.0)), noise(1, 2, 3))

finish('layers', {'cases': CASES}, libraries=('jax', 'flax'), seed='in each case',
       note='arrays are {shape,dtype,data(row-major)}; null means NaN')
