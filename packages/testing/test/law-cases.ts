/** @file What is held to all laws: every layer, models of the examples, and models made from others. */
import * as nnx from "@nnxjs/nnx";
import type * as tf from "@tensorflow/tfjs-core";
import { PIXELS } from "../../../examples/digits/images.ts";
import { Mlp as DigitsMlp } from "../../../examples/digits/model.ts";
import { Mlp as MoonsMlp } from "../../../examples/two-moons/model.ts";
import { type LayerEntry, type LayerUnderTest, layerTable } from "../../layers/test/layer-table.ts";
import { checkModel, type ModelOptions } from "../src/index.ts";

/** How many models are tried, and from which seed they are drawn. */
type Tries = Pick<ModelOptions, "numRuns" | "seed">;

/** A kind of model that holds to all laws. */
export interface LawCase {
  readonly name: string;
  readonly check: (tries: Tries) => Promise<void>;
}

/** The seed for a layer of the table, from the streams that a check gives. */
const seedOf = (rngs: nnx.Rngs): number => rngs.nextKey("params").toJSON().words[0]! % 2 ** 31;

/** Layers whose axis 0 does not have independent examples. */
const withoutRows = new Set(["LinearGeneral with batch axes"]);

/** What layers do as Flax's do, though no model of one's own should. */
function exceptionsOf(name: string): Pick<ModelOptions, "mayChange" | "copies"> {
  // An RNN draws its first carry in each pass. Two RNNs without streams of their own share a seed.
  if (/^RNN|^Bidirectional/.test(name)) return { mayChange: nnx.RngCount, copies: nnx.withTag("carry") };
  // Both write what they compute to the layer inside, and SpectralNorm to its vectors.
  if (name === "WeightNorm") return { mayChange: nnx.pathContains("kernel") };
  if (name === "SpectralNorm") return { mayChange: true };
  return {};
}

/**
 * Attention with norms over eight features. Over two, as in the table, a norm is nearly a step: its
 * gradient in float32 is off by some percent, as Flax's is.
 */
const attention = (seed: number): LayerUnderTest =>
  new nnx.MultiHeadAttention(2, 8, {
    numKvHeads: 1,
    qkvFeatures: 16,
    normalizeQk: true,
    dropoutRate: 0.3,
    deterministic: false,
    decode: false,
    biasInit: nnx.initializers.normal(1),
    rngs: new nnx.Rngs({ params: seed, dropout: seed + 1 }),
  });

async function checkLayer({ name, make, input, notSmooth }: LayerEntry, tries: Tries): Promise<void> {
  const like = input();
  const [rows, ...sizes] = like.shape;
  const isInteger = like.dtype === "int32";
  like.dispose();
  const isRows = !withoutRows.has(name);
  await checkModel(
    (rngs) => (name === "MultiHeadAttention" ? attention : make)(seedOf(rngs)),
    (layer: LayerUnderTest, x) => layer.forward(x),
    {
      inputs: (key, batch) => {
        const shape = [isRows ? batch : rows!, ...sizes];
        return isInteger ? nnx.random.randint(key, shape, 0, 6) : nnx.random.normal(key, shape);
      },
      batch: isRows ? 3 : null,
      ...tries,
      ...exceptionsOf(name),
      ...(notSmooth === undefined ? {} : { wrt: false }),
    },
  );
}

/** Every layer of this project. */
export const layerCases: readonly LawCase[] = layerTable.map((entry) => ({
  name: entry.name,
  check: (tries) => checkLayer(entry, tries),
}));

/** Inputs of so many features. */
export const inputsOf =
  (width: number) =>
  (key: nnx.PRNGKey, batch: number): tf.Tensor =>
    nnx.random.normal(key, [batch, width]);

class Small extends nnx.Module {
  readonly first: nnx.Linear;
  readonly second: nnx.Linear;
  constructor(rngs: nnx.Rngs) {
    super();
    this.first = new nnx.Linear(3, 4, { rngs });
    this.second = new nnx.Linear(4, 2, { rngs });
  }
  forward(x: tf.Tensor): tf.Tensor {
    return this.second.forward(nnx.gelu(this.first.forward(x)));
  }
}

/** A model of rows. */
export type Model = nnx.Module & { forward(x: tf.Tensor2D): tf.Tensor };

/** A model that is made from another one, which is copied. */
export function from<M>(rngs: nnx.Rngs, change: (plain: Small) => M): M {
  const plain = new Small(rngs);
  const made = change(plain);
  nnx.dispose(plain);
  return made;
}

const modelCase = (
  name: string,
  make: (rngs: nnx.Rngs) => Model,
  width: number,
  options: ModelOptions = {},
): LawCase => ({
  name,
  check: (tries) =>
    checkModel(make, (model: Model, x) => model.forward(x as tf.Tensor2D), {
      inputs: inputsOf(width),
      ...options,
      ...tries,
    }),
});

/** Models of the examples, and models that are made from others. */
export const modelCases: readonly LawCase[] = [
  modelCase("the classifier of digits", (rngs) => new DigitsMlp(0.25, { rngs }), PIXELS, {
    streams: ["dropconnect"],
  }),
  modelCase("the classifier of two moons", (rngs) => new MoonsMlp({ rngs }), 2, { streams: [] }),
  modelCase("a model with dropout", (rngs) => from(rngs, (plain) => nnx.dropout(plain, 0.5, { rngs })), 3, {
    streams: ["dropout"],
  }),
  modelCase(
    "a model with DropConnect",
    (rngs) => from(rngs, (plain) => nnx.dropconnect(plain, 0.5, { rngs })),
    3,
  ),
  // The members of an ensemble come first.
  modelCase("an ensemble", (rngs) => from(rngs, (plain) => nnx.ensemble(plain, 3, { rngs })), 3, {
    batch: null,
  }),
  modelCase("a batch ensemble", (rngs) => from(rngs, (plain) => nnx.batchEnsemble(plain, 2, { rngs })), 3, {
    batch: null,
  }),
];
