/**
 * @file Statements of random programs on products of few rows with bounds, for all slices at once, and on
 * `vmap` of functions that close over what the recorded function around them computes.
 */
import { fusedMatMul } from "@nnxjs/kernels/internal";
import * as tf from "@tensorflow/tfjs-core";
import * as nnx from "../../packages/nnx/src/index.ts";
import { calm, type Maker } from "./plain-statements.ts";
import { ROWS, WIDTH } from "./world.ts";

type Tensor = tf.Tensor;

/** Up to three rows are multiplied one by one, four by a tile. */
const MOST_ROWS = 4;

/** The same number for sums in another order: products of slices may be one call, or one for each. */
const rounded = (x: Tensor): Tensor => tf.div(tf.round(tf.mul(x, 64)), 64);

const members = (x: Tensor): Tensor => tf.stack([x, tf.neg(x), tf.mul(x, 0.5)]);

export const products: readonly Maker[] = [
  (random, place) => {
    const rows = random.int(1, MOST_ROWS);
    const [ofKernel, ofBias, ofX] = [random.chance(0.7), random.chance(0.5), random.chance(0.5)];
    const isRecorded = random.chance(0.3);
    const axis = (isSliced: boolean): 0 | null => (isSliced ? 0 : null);
    const layers = (kernel: Tensor, bias: Tensor, y: Tensor): Tensor => {
      const h = tf.relu(fusedMatMul(y, kernel, bias));
      return tf.add(tf.relu6(fusedMatMul(h, kernel, null)), tf.relu(tf.matMul(tf.neg(h), kernel)));
    };
    return {
      text: `dense layers of ${rows} rows${ofKernel ? ", kernels" : ""}${ofBias ? ", biases" : ""}${ofX ? ", inputs" : ""}`,
      run: (env) => {
        const { net, x } = env;
        const kernel = net.linear.kernel.value;
        const few = tf.slice(tf.concat([x, calm(tf.neg(x))]), [0, 0], [rows, WIDTH]);
        const f = isRecorded ? nnx.jit(layers) : undefined;
        // One of them has slices at least.
        const run = nnx.vmap(f ?? layers, { inAxes: [axis(ofKernel || !ofX), axis(ofBias), axis(ofX)] });
        const y = run(
          ofKernel || !ofX ? members(kernel) : kernel,
          ofBias ? members(net.w.value) : net.w.value,
          ofX ? members(few) : few,
        );
        f?.dispose();
        const mean = tf.mean(y, [0, 1]);
        env.x = calm(tf.add(x, place.isInside ? rounded(mean) : mean));
      },
    };
  },
  (random) => {
    const [isKeyEach, isTwice, isGradient] = [random.chance(0.5), random.chance(0.5), random.chance(0.3)];
    return {
      text: `jit of vmap of what it computes${isGradient ? ", a gradient" : ""}`,
      run: (env) => {
        const { net } = env;
        const f = nnx.jit((m: typeof net, x: Tensor): Tensor => {
          const rate = nnx.hostValue([m.count], (n) => 1 / (1 + n));
          const shift = tf.mean(m.w.value);
          const own = m.rngs.nextKey();
          const keys = nnx.random.split(m.rngs.nextKey("dropout"), ROWS);
          const each = (row: Tensor, key: nnx.PRNGKey): Tensor => {
            const noise = nnx.random.normal(isKeyEach ? key : own, [WIDTH]);
            const y = m.linear.forward(tf.add(tf.mul(row, rate), tf.mul(noise, shift)));
            return calm(tf.add(tf.relu(y), m.mean.value));
          };
          const slope = (row: Tensor, key: nnx.PRNGKey): Tensor =>
            nnx.grad((r: Tensor) => tf.sum(each(r, key)))(row);
          const y = nnx.vmap(isGradient ? slope : each)(x, keys);
          m.mean.value = calm(tf.mean(y, 0));
          return calm(y);
        });
        env.x = f(net, env.x);
        if (isTwice) env.x = f(net, env.x);
        f.dispose();
      },
    };
  },
];
