/** @file One layer each: value and gradients of its inputs and parameters. */

/** The shapes of a layer's inputs and parameters; `ids` are whole numbers. */
export interface Shapes {
  readonly inputs: Readonly<Record<string, readonly number[]>>;
  readonly parameters: Readonly<Record<string, readonly number[]>>;
}

const rows = { inputs: { x: [512, 128] }, parameters: {} };
const images = { inputs: { x: [8, 28, 28, 16] }, parameters: {} };
const perHead = [8, 64, 4, 32];

/** The layers by the names of their entries. */
export const LAYERS = {
  Linear: { inputs: { x: [128, 256] }, parameters: { kernel: [256, 256], bias: [256] } },
  "Conv 3×3": { ...images, parameters: { kernel: [3, 3, 16, 32], bias: [32] } },
  depthwise: { inputs: { x: [8, 28, 28, 32] }, parameters: { kernel: [3, 3, 1, 32], bias: [32] } },
  ConvTranspose: { inputs: { x: [8, 14, 14, 32] }, parameters: { kernel: [3, 3, 16, 32], bias: [16] } },
  maxPool: images,
  avgPool: images,
  BatchNorm: { ...images, parameters: { scale: [16], bias: [16] } },
  LayerNorm: { ...rows, parameters: { scale: [128], bias: [128] } },
  softmax: rows,
  logSoftmax: rows,
  relu: rows,
  tanh: rows,
  gelu: rows,
  silu: rows,
  Dropout: rows,
  attention: { inputs: { query: perHead, key: perHead, value: perHead }, parameters: {} },
  Embed: { inputs: { ids: [8, 64] }, parameters: { embedding: [1000, 128] } },
} as const satisfies Record<string, Shapes>;

export type LayerName = keyof typeof LAYERS;
export const names = Object.keys(LAYERS) as LayerName[];
/** Dropout draws other numbers in each peer. */
export const isRandom = (name: LayerName): boolean => name === "Dropout";
/** The loss is the sum of the outputs times the numbers of this name, divided by this. */
export const weightsOfOutputs = (name: LayerName): string => `${name}.loss`;
export const DIVISOR = 1000;
