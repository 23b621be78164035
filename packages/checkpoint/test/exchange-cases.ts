/** @file The cases of conformance/exchange_keys.py: optimizers, layers, metrics, Rngs. */
import * as tf from "@tensorflow/tfjs-core";
import * as nnx from "@nnxjs/nnx";

const rngs = (): nnx.Rngs => new nnx.Rngs(0, { dropout: 1 });

/** Its names are of Python, and so stay. */
export class Two extends nnx.Module {
  readonly in_proj: nnx.Linear = new nnx.Linear(2, 3, { rngs: rngs() });
  readonly out_proj: nnx.Linear = new nnx.Linear(3, 2, { useBias: false, rngs: rngs() });
}

const matrices = (params: nnx.Tree): nnx.MaskTree => nnx.mapTree((p) => p.rank > 1, params);
const labels = (params: nnx.Tree): nnx.Nested<string> =>
  nnx.mapTree((p) => (p.rank > 1 ? "the_matrices" : "the_vectors"), params);
const momentum = { momentum: 0.9 };

/** By the name that the case has there. */
export const transformations: Readonly<Record<string, nnx.GradientTransformation>> = {
  sgd: nnx.sgd(0.1),
  momentum: nnx.sgd(0.1, momentum),
  adam: nnx.adam(0.1),
  "adam of a schedule": nnx.adam(() => 0.1),
  "adamw after clipping": nnx.chain(nnx.clipByGlobalNorm(1), nnx.adamw(0.1)),
  adabelief: nnx.adabelief(0.1),
  adadelta: nnx.adadelta({ learningRate: 0.1 }),
  adafactor: nnx.adafactor({ learningRate: 0.1, minDimSizeToFactor: 2 }),
  adagrad: nnx.adagrad(0.1),
  adamax: nnx.adamax(0.1),
  adan: nnx.adan(0.1),
  amsgrad: nnx.amsgrad(0.1),
  lamb: nnx.lamb(0.1),
  lion: nnx.lion(0.1),
  novograd: nnx.novograd(0.1),
  radam: nnx.radam(0.1),
  rmsprop: nnx.rmsprop(0.1, { centered: true, ...momentum }),
  rprop: nnx.rprop(0.1),
  sm3: nnx.sm3(0.1),
  yogi: nnx.yogi(0.1),
  noisy_sgd: nnx.noisySgd(0.1, { key: 0 }),
  "optimistic gradient descent": nnx.optimisticGradientDescent(0.1),
  scale_by_distance_over_gradients: nnx.scaleByDistanceOverGradients(),
  masked: nnx.masked(nnx.adam(0.1), matrices),
  partition: nnx.partition({ the_matrices: nnx.adam(0.1), the_vectors: nnx.sgd(0.1, momentum) }, labels),
  inject_hyperparams: nnx.injectHyperparams(nnx.sgd)(0.1, { momentum: () => 0.9 }),
  MultiSteps: new nnx.MultiSteps(nnx.adam(0.1), 3),
  ema: nnx.chain(nnx.sgd(0.1), nnx.ema(0.9)),
  apply_every: nnx.applyEvery(3),
  apply_if_finite: nnx.applyIfFinite(nnx.adam(0.1), 3),
  named_chain: nnx.namedChain(["the_first", nnx.scaleByAdam()], ["second", nnx.scale(-0.1)]),
  flatten: nnx.flatten(nnx.adam(0.1)),
  lbfgs: nnx.lbfgs({ learningRate: 0.1, memorySize: 3, linesearch: null }),
  "lbfgs with a search": nnx.lbfgs({ memorySize: 3 }),
  backtracking: nnx.chain(nnx.sgd(0.1), nnx.scaleByBacktrackingLinesearch(5)),
  polyak_sgd: nnx.polyakSgd(),
  "trace, scale_by_schedule": nnx.chain(
    nnx.trace(0.9),
    nnx.scaleBySchedule(() => -0.1),
  ),
};

function attention(): nnx.MultiHeadAttention {
  const options = { normalizeQk: true, decode: false, dropoutRate: 0.1 };
  const layer = new nnx.MultiHeadAttention(2, 4, { ...options, rngs: rngs() });
  layer.initCache([1, 2, 4]);
  return layer;
}

const simpleRnn = () => new nnx.RNN(new nnx.SimpleCell(2, 3, { rngs: rngs() }), { rngs: rngs() });
const linear = () => new nnx.Linear(2, 3, { rngs: rngs() });

/** By the name that the case has there. */
export const nodes: Readonly<Record<string, () => object>> = {
  LinearGeneral: () => new nnx.LinearGeneral(2, [3, 2], { rngs: rngs() }),
  Einsum: () => new nnx.Einsum("ab,bc->ac", [2, 3], [3], { rngs: rngs() }),
  Embed: () => new nnx.Embed(3, 2, { rngs: rngs() }),
  Conv: () => new nnx.Conv(1, 2, [3], { rngs: rngs() }),
  ConvTranspose: () => new nnx.ConvTranspose(1, 2, [3], { rngs: rngs() }),
  BatchNorm: () => new nnx.BatchNorm(2, { rngs: rngs() }),
  LayerNorm: () => new nnx.LayerNorm(2, { rngs: rngs() }),
  RMSNorm: () => new nnx.RMSNorm(2, { rngs: rngs() }),
  GroupNorm: () => new nnx.GroupNorm(4, { numGroups: 2, rngs: rngs() }),
  InstanceNorm: () => new nnx.InstanceNorm(2, { rngs: rngs() }),
  MultiHeadAttention: attention,
  LSTMCell: () => new nnx.LSTMCell(2, 3, { rngs: rngs() }),
  OptimizedLSTMCell: () => new nnx.OptimizedLSTMCell(2, 3, { rngs: rngs() }),
  GRUCell: () => new nnx.GRUCell(2, 3, { rngs: rngs() }),
  Bidirectional: () => new nnx.Bidirectional(simpleRnn(), simpleRnn(), { rngs: rngs() }),
  LoRALinear: () => new nnx.LoRALinear(2, 3, { loraRank: 1, rngs: rngs() }),
  PReLU: () => new nnx.PReLU(),
  SpectralNorm: () => new nnx.SpectralNorm(linear(), { rngs: rngs() }),
  WeightNorm: () => new nnx.WeightNorm(linear(), { rngs: rngs() }),
  Sequential: () =>
    new nnx.Sequential(
      new nnx.Linear(2, 2, { rngs: rngs() }),
      nnx.relu,
      new nnx.Dropout(0.5, { rngs: rngs() }),
    ),
  Rngs: rngs,
  MultiMetric: () =>
    new nnx.MultiMetric({
      loss: new nnx.metrics.Average({ argname: "loss" }),
      accuracy: new nnx.metrics.Accuracy(),
      spread: new nnx.metrics.Welford({ argname: "loss" }),
    }),
  EMA: () => new nnx.EMA(new Two(), 0.9),
  "a Variable": () => new nnx.Param(tf.ones([2, 0])),
  "dicts and lists": () => ({
    "a.b": [new nnx.Linear(1, 1, { rngs: rngs() })],
    "": { "7": new nnx.Param(tf.ones([2])), "\\": new nnx.BatchStat(tf.ones([1], "bool")) },
  }),
};
