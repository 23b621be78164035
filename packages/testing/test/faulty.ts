/** @file Models with planted faults. Each is what somebody writes who forgets one thing. */
import {
  customVjp,
  Dropout,
  dispose,
  grad,
  type Linear,
  Module,
  Optimizer,
  Param,
  random,
  RngKey,
  Rngs,
  type RngStream,
  sgd,
  sow,
  Intermediate,
  type PRNGKey,
  stopGradient,
  Variable,
} from "@nnxjs/nnx";
import * as tf from "@tensorflow/tfjs-core";

const matMul = (x: tf.Tensor, w: tf.Tensor): tf.Tensor => tf.matMul(x as tf.Tensor2D, w as tf.Tensor2D);

/** A linear layer that is right, for models with a fault elsewhere. */
class Dense extends Module {
  readonly kernel: Param<tf.Tensor>;
  constructor(key: PRNGKey) {
    super();
    this.kernel = new Param<tf.Tensor>(random.normal(key, [3, 4]));
  }
  forward(x: tf.Tensor): tf.Tensor {
    return matMul(x, this.kernel.value);
  }
}

/** Drops by the stream's own key, so that every mask is the same. */
export class IgnoresCount extends Module {
  readonly rngs: RngStream;
  constructor(rngs: Rngs) {
    super();
    this.rngs = rngs.stream("dropout").fork();
  }
  forward(x: tf.Tensor): tf.Tensor {
    return tf.mul(x, random.normal(this.rngs.key.value, x.shape));
  }
}

/** Two layers whose kernels are drawn from one key. */
export class SharesKey extends Module {
  readonly first: Dense;
  readonly second: Dense;
  constructor(rngs: Rngs) {
    super();
    const key = rngs.nextKey("params");
    this.first = new Dense(key);
    this.second = new Dense(key);
  }
  forward(x: tf.Tensor): tf.Tensor {
    return tf.add(this.first.forward(x), this.second.forward(x));
  }
}

/** Two layers that make streams from one seed. */
export class SharesSeed extends Module {
  readonly first: Dropout;
  readonly second: Dropout;
  constructor(_: Rngs) {
    super();
    this.first = new Dropout(0.5, { rngs: new Rngs(7) });
    this.second = new Dropout(0.5, { rngs: new Rngs(7) });
  }
  forward(x: tf.Tensor): tf.Tensor {
    return this.second.forward(this.first.forward(x));
  }
}

/** Noise that does not know of evaluation. */
export class ForgetsDeterministic extends Module {
  readonly rngs: RngStream;
  constructor(rngs: Rngs) {
    super();
    this.rngs = rngs.stream("noise").fork();
  }
  forward(x: tf.Tensor): tf.Tensor {
    return tf.add(x, this.rngs.normal(x.shape));
  }
}

/** Draws in evaluation, and does not use it. */
export class DrawsInEval extends Module {
  deterministic = false;
  readonly rngs: RngStream;
  constructor(rngs: Rngs) {
    super();
    this.rngs = rngs.stream("noise").fork();
  }
  forward(x: tf.Tensor): tf.Tensor {
    const noise = this.rngs.normal(x.shape);
    return this.deterministic ? tf.clone(x) : tf.add(x, noise);
  }
}

/** Draws from Math.random. */
export class DrawsElsewhere extends Module {
  readonly kernel: Param<tf.Tensor>;
  constructor(_: Rngs) {
    super();
    this.kernel = new Param<tf.Tensor>(tf.fill([3, 4], Math.random()));
  }
  forward(x: tf.Tensor): tf.Tensor {
    return matMul(x, this.kernel.value);
  }
}

/** A seed outside of the model. */
let calls = 0;
export class CountsOutside extends Module {
  constructor(_: Rngs) {
    super();
  }
  forward(x: tf.Tensor): tf.Tensor {
    return tf.add(x, random.normal(random.key(calls++), x.shape));
  }
}

/** Subtracts the mean of the batch, also in evaluation. */
export class UsesOtherRows extends Module {
  readonly dense: Dense;
  constructor(rngs: Rngs) {
    super();
    this.dense = new Dense(rngs.nextKey("params"));
  }
  forward(x: tf.Tensor): tf.Tensor {
    return this.dense.forward(tf.sub(x, tf.mean(x, 0, true)));
  }
}

/** Adds a number that depends on where the row is. */
export class UsesRowNumber extends Module {
  forward(x: tf.Tensor): tf.Tensor {
    return tf.add(x, tf.reshape(tf.range(0, x.shape[0]!), [-1, 1]));
  }
}

/** Centres by the mean of the first batch that it sees. */
export class RemembersFirst extends Module {
  readonly #first: { mean?: Float32Array } = {};
  forward(x: tf.Tensor): tf.Tensor {
    this.#first.mean ??= tf.mean(x, 0).dataSync() as Float32Array;
    return tf.sub(x, tf.tensor1d(this.#first.mean));
  }
}

/** Keeps a key that is no stream's, so that forks and splits do not see it. */
export class KeepsKey extends Module {
  deterministic = false;
  readonly key: RngKey;
  readonly count: Variable<number> = new Variable(0);
  constructor(rngs: Rngs) {
    super();
    this.key = new RngKey(rngs.nextKey("noise"), { tag: "noise" });
  }
  forward(x: tf.Tensor): tf.Tensor {
    if (this.deterministic) return tf.clone(x);
    return tf.add(x, random.normal(random.foldIn(this.key.value, this.count.value++), x.shape));
  }
}

/** Does not drop, though it is made to. */
export class ForgetsDropout extends Module {
  readonly dropout: Dropout;
  constructor(rngs: Rngs) {
    super();
    this.dropout = new Dropout(0, { rngs });
  }
  forward(x: tf.Tensor): tf.Tensor {
    return this.dropout.forward(x);
  }
}

/** Draws from the stream `noise`, where `dropout` is meant. */
export class WrongStream extends Module {
  readonly rngs: Rngs;
  constructor(rngs: Rngs) {
    super();
    this.rngs = rngs;
  }
  forward(x: tf.Tensor): tf.Tensor {
    return tf.mul(x, this.rngs.stream("noise").normal(x.shape));
  }
}

/** Makes its key from the count of another stream. */
export class ReadsOtherStream extends Module {
  deterministic = false;
  readonly own: RngStream;
  readonly other: RngStream;
  constructor(rngs: Rngs) {
    super();
    this.own = rngs.stream("noise").fork();
    this.other = rngs.stream("params").fork();
  }
  forward(x: tf.Tensor): tf.Tensor {
    if (this.deterministic) return tf.clone(x);
    const key = random.foldIn(this.own.nextKey(), this.other.count.value as number);
    return tf.add(x, random.normal(key, x.shape));
  }
}

/** Keeps a number that changes in an attribute that is no Variable. */
export class CountsInAttribute extends Module {
  count = 0;
  forward(x: tf.Tensor): tf.Tensor {
    this.count++;
    return tf.mul(x, this.count);
  }
}

/** Keeps a number that changes where the graph does not look. */
export class CountsInPrivate extends Module {
  #count = 0;
  forward(x: tf.Tensor): tf.Tensor {
    this.#count++;
    return tf.mul(x, this.#count);
  }
}

const outer = new WeakMap<object, number>();
/** Keeps a count outside, by module. */
export class CountsByModule extends Module {
  forward(x: tf.Tensor): tf.Tensor {
    outer.set(this, (outer.get(this) ?? 0) + 1);
    return tf.mul(x, outer.get(this)!);
  }
}

/** A function in an attribute that has the original's kernel. */
export class ClosesOverKernel extends Module {
  readonly kernel: Param<tf.Tensor>;
  readonly apply: (x: tf.Tensor) => tf.Tensor;
  constructor(rngs: Rngs) {
    super();
    const kernel = new Param<tf.Tensor>(random.normal(rngs.nextKey("params"), [3, 4]));
    this.kernel = kernel;
    this.apply = (x) => {
      const y = matMul(x, kernel.value);
      kernel.value = tf.mul(kernel.value, 0.5);
      return y;
    };
  }
  forward(x: tf.Tensor): tf.Tensor {
    return this.apply(x);
  }
}

/** Updates statistics in evaluation. */
export class UpdatesInEval extends Module {
  readonly mean: Variable<tf.Tensor> = new Variable<tf.Tensor>(tf.zeros([3]));
  forward(x: tf.Tensor): tf.Tensor {
    const y = tf.sub(x, this.mean.value);
    this.mean.value = tf.add(tf.mul(this.mean.value, 0.9), tf.mul(tf.mean(x, 0), 0.1));
    return y;
  }
}

/** Its mode is toggled, not set. */
export class TogglesMode extends Module {
  isQuiet = false;
  setMode({ deterministic }: { deterministic?: boolean | undefined }): { deterministic?: unknown } {
    if (deterministic !== undefined) this.isQuiet = !this.isQuiet;
    return deterministic === undefined ? {} : { deterministic };
  }
  forward(x: tf.Tensor): tf.Tensor {
    return this.isQuiet ? tf.clone(x) : tf.mul(x, 2);
  }
}

/** Training after evaluation is not what it was. */
export class StaysInEval extends Module {
  deterministic = false;
  wasEvaluated = false;
  forward(x: tf.Tensor): tf.Tensor {
    if (this.deterministic) this.wasEvaluated = true;
    return this.wasEvaluated ? tf.clone(x) : tf.mul(x, 2);
  }
}

/** Its initializer leaves a tensor. */
export class LeaksWhenMade extends Module {
  readonly kernel: Param<tf.Tensor>;
  constructor(rngs: Rngs) {
    super();
    const large = random.normal(rngs.nextKey("params"), [3, 4]);
    this.kernel = new Param<tf.Tensor>(tf.mul(large, 0.1));
  }
  forward(x: tf.Tensor): tf.Tensor {
    return matMul(x, this.kernel.value);
  }
}

/** Each call leaves a temporary tensor. */
export class LeaksInCall extends Module {
  forward(x: tf.Tensor): tf.Tensor {
    return tf.mul(tf.add(x, 1), 2);
  }
}

/** Each call keeps a tensor. */
export class KeepsInCall extends Module {
  forward(x: tf.Tensor): tf.Tensor {
    const y = tf.keep(tf.clone(x));
    return tf.tidy(() => tf.mul(y, 1));
  }
}

/** Multiplication of x by w with a gradient of its own. */
const withGradient = (
  backward: (dy: tf.Tensor, x: tf.Tensor, w: tf.Tensor) => readonly [tf.Tensor, tf.Tensor],
) => {
  const f = customVjp((x: tf.Tensor, w: tf.Tensor): tf.Tensor => tf.add(matMul(x, w), 0));
  f.defvjp(
    (x, w) => [tf.add(matMul(x, w), 0), [x, w] as const],
    ([x, w], dy) => backward(dy as tf.Tensor, x, w),
  );
  return f;
};

class Custom extends Module {
  readonly kernel: Param<tf.Tensor>;
  constructor(rngs: Rngs) {
    super();
    this.kernel = new Param<tf.Tensor>(random.normal(rngs.nextKey("params"), [3, 4]));
  }
}
const dx = (dy: tf.Tensor, w: tf.Tensor): tf.Tensor =>
  tf.matMul(dy as tf.Tensor2D, w as tf.Tensor2D, false, true);
const dw = (dy: tf.Tensor, x: tf.Tensor): tf.Tensor =>
  tf.matMul(x as tf.Tensor2D, dy as tf.Tensor2D, true, false);

const negative = withGradient((dy, x, w) => [dx(dy, w), tf.neg(dw(dy, x))]);
/** A gradient with the wrong sign. */
export class WrongSign extends Custom {
  forward(x: tf.Tensor): tf.Tensor {
    return negative(x, this.kernel.value);
  }
}
const negativeInput = withGradient((dy, x, w) => [tf.neg(dx(dy, w)), dw(dy, x)]);
/** A gradient of the input with the wrong sign. */
export class WrongInputSign extends Custom {
  forward(x: tf.Tensor): tf.Tensor {
    return negativeInput(x, this.kernel.value);
  }
}
const doubled = withGradient((dy, x, w) => [dx(dy, w), tf.mul(dw(dy, x), 2)]);
/** A gradient with a factor too much. */
export class WrongFactor extends Custom {
  forward(x: tf.Tensor): tf.Tensor {
    return doubled(x, this.kernel.value);
  }
}
const firstRow = withGradient((dy, x, w) => [dx(dy, w), dw(tf.slice(dy, 0, 1), tf.slice(x, 0, 1))]);
/** A gradient of the first row alone: the sum over the batch is missing. */
export class MissingSum extends Custom {
  forward(x: tf.Tensor): tf.Tensor {
    return firstRow(x, this.kernel.value);
  }
}
const none = withGradient((dy, _x, w) => [dx(dy, w), tf.zerosLike(w)]);
/** A gradient that is cut. */
export class CutGradient extends Custom {
  forward(x: tf.Tensor): tf.Tensor {
    return none(x, this.kernel.value);
  }
}

/** Another result while it is captured. */
export class KnowsOfCaptures extends Module {
  readonly dense: Dense;
  constructor(rngs: Rngs) {
    super();
    this.dense = new Dense(rngs.nextKey("params"));
  }
  forward(x: tf.Tensor): tf.Tensor {
    const y = this.dense.forward(x);
    return sow(Intermediate, "y", y) ? tf.mul(y, 2) : y;
  }
}

/** Another result while it is profiled, as code does that looks who calls it. */
export class KnowsOfProfiles extends Module {
  forward(x: tf.Tensor): tf.Tensor {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 100;
    const isProfiled = /profile\.[jt]s/.test(new Error("who calls?").stack!);
    Error.stackTraceLimit = stackTraceLimit;
    return tf.mul(x, isProfiled ? 2 : 1);
  }
}

/** Two parts are tied by a Set, which a copy does not follow: there, they are two. */
export class LosesSharing extends Module {
  readonly dense: Dense;
  readonly tied: ReadonlySet<Dense>;
  constructor(rngs: Rngs) {
    super();
    this.dense = new Dense(rngs.nextKey("params"));
    this.tied = new Set([this.dense]);
  }
  forward(x: tf.Tensor): tf.Tensor {
    const [tied] = this.tied as Set<Dense>;
    const y = tf.add(this.dense.forward(x), tied!.forward(x));
    this.dense.kernel.value = tf.mul(this.dense.kernel.value, 0.5);
    return y;
  }
}

/** A stream that neither copies nor checkpoints see. */
export class HidesStream extends Module {
  readonly #rngs: RngStream;
  constructor(rngs: Rngs) {
    super();
    this.#rngs = rngs.stream("noise").fork();
  }
  forward(x: tf.Tensor): tf.Tensor {
    return tf.add(x, this.#rngs.normal(x.shape));
  }
}

/** Reads a value, which a recording would bake in. */
export class ReadsValue extends Module {
  forward(x: tf.Tensor): tf.Tensor {
    return tf.mul(x, tf.max(x).dataSync()[0]!);
  }
}

let clock = 0;
/** Uses a number from outside, which a recording bakes in. */
export class UsesClock extends Module {
  forward(x: tf.Tensor): tf.Tensor {
    return tf.mul(x, ++clock);
  }
}

let last: PRNGKey | undefined;
/** Every second model gets the numbers of the one before. */
export class SharesWithMembers extends Module {
  readonly kernel: Param<tf.Tensor>;
  constructor(rngs: Rngs) {
    super();
    const key = last ?? rngs.nextKey("params");
    last = last === undefined ? key : undefined;
    this.kernel = new Param<tf.Tensor>(random.normal(key, [3, 4]));
  }
  forward(x: tf.Tensor): tf.Tensor {
    return matMul(x, this.kernel.value);
  }
}

const cubed = customVjp((w: tf.Tensor): tf.Tensor => tf.mul(w, tf.mul(w, w)));
cubed.defvjp(
  (w) => [tf.mul(w, tf.mul(w, w)), w] as const,
  (w, dy) => [tf.mul(dy as tf.Tensor, tf.mul(3, stopGradient(tf.mul(w, w))))],
);
/** The gradient is right, and its own gradient is 0. */
export class WrongSecondGradient extends Module {
  readonly scale: Param<tf.Tensor> = new Param<tf.Tensor>(tf.tensor1d([1, 2, 3]));
  forward(x: tf.Tensor): tf.Tensor {
    return tf.mul(x, cubed(this.scale.value));
  }
}

/** Computes something else on wasm. */
export class DiffersOnWasm extends Module {
  forward(x: tf.Tensor): tf.Tensor {
    return tf.mul(x, tf.getBackend() === "wasm" ? 2 : 1);
  }
}

/** A training step that forgets to dispose its gradients. */
export const leakingStep = (model: Linear, x: tf.Tensor): void => {
  const optimizer = new Optimizer(model, sgd(0.01));
  const gradients = grad((m: Linear) => tf.mean(m.forward(x)))(model);
  optimizer.update(model, gradients);
  dispose(optimizer);
};
