/** @file What is tested in a browser. */

/** A row of the table in docs/backends.md. */
export interface Area {
  readonly name: string;
  /** Beginnings of paths of test files. */
  readonly files: readonly string[];
}

/** Each runs in a process of its own, on each backend: a GPU process that dies then takes one area with it. */
export const areas: readonly Area[] = [
  {
    name: "gradient programs, in two sets of kernels each",
    files: ["packages/gradients/src/golden.test.ts"],
  },
  {
    name: "kernels of no axes to seven, and at the edges of numbers",
    files: [
      "scripts/browser/ranks.test.ts",
      "scripts/browser/edges.test.ts",
      "scripts/browser/edges-of-rows.test.ts",
    ],
  },
  { name: "layers", files: ["packages/layers/src/"] },
  {
    name: "random numbers",
    files: [
      "scripts/browser/random.test.ts",
      "packages/rnglib/src/random/",
      "packages/rnglib/src/fused/",
      "packages/rnglib/src/streams/golden.test.ts",
      "packages/rnglib/src/streams/models.test.ts",
    ],
  },
  {
    name: "training: losses of 50 steps as on cpu, optimizers, losses",
    files: [
      "scripts/browser/training.test.ts",
      "scripts/browser/training-more.test.ts",
      "packages/training/src/edges.test.ts",
      // What losses refuse they know by values, which they do not read on a GPU.
      "packages/training/src/losses/losses.test.ts",
      "packages/training/src/losses/edges.test.ts",
      "packages/training/src/losses/corners.test.ts",
      "packages/training/src/optimizer/optimizer.test.ts",
    ],
  },
  { name: "captures", files: ["packages/nnx-core/src/capture/"] },
  {
    name: "`jit`",
    files: ["packages/training/src/jit.test.ts", "packages/nnx/src/transforms/flax-kinds.test.ts"],
  },
  {
    name: "memory: tensors and bytes left, checkpoints in OPFS",
    files: ["scripts/browser/memory.test.ts"],
  },
  { name: "nothing reads without waiting", files: ["scripts/browser/no-reads.test.ts"] },
  { name: "workers", files: ["scripts/browser/worker.test.ts"] },
];

/** A part of it, of two minutes on two processors without a GPU. */
export const part: readonly string[] = [
  "scripts/browser/random.test.ts",
  "scripts/browser/edges.test.ts",
  "scripts/browser/edges-of-rows.test.ts",
  "scripts/browser/memory.test.ts",
  "scripts/browser/no-reads.test.ts",
  "scripts/browser/training.test.ts",
  "packages/layers/src/masks.test.ts",
  "packages/layers/src/activations/edges.test.ts",
  "packages/layers/src/linear/",
  "packages/layers/src/stochastic/",
];

/** A test that fails on a backend, for a reason that docs/backends.md gives, too. */
export interface Known {
  readonly backend: string;
  /** The whole name of the test, as it is printed. */
  readonly test: string;
  /** Why, and how far off it is. */
  readonly reason: string;
}

/** As many as there may be. */
export const MOST_KNOWN = 8;

export const known: readonly Known[] = [
  ...["webgl", "webgpu"].flatMap((backend) => [
    {
      backend,
      test: "safe_softmax_cross_entropy: one hot, at the edges",
      reason:
        "the gradient for a label of 0 whose probability is 0 is 0 by single ops, and Infinity in optax",
    },
    {
      backend,
      test: "ctc_loss: too short for its labels",
      reason: "of losses near 1e5, float32 has two decimals, and the gradients are off by 4e-4",
    },
    {
      backend,
      test: "triplet_margin_loss: a tie",
      reason: "SwiftShader rounds the square root in another way, so that there is no tie",
    },
  ]),
  {
    backend: "webgl",
    test: "'BatchNorm' gives no number where Flax gives NaN (fast: false)",
    reason:
      "webgl divides squares before it sums them, so that their sum stays finite near 3.4e38: 1.73 for 0",
  },
];
