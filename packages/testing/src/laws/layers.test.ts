/** @file No false alarm: every layer of this project holds to every law. */
import "@tensorflow/tfjs-backend-cpu";
import { initializers, MultiHeadAttention, pathContains, random, RngCount, Rngs, withTag } from "@nnxjs/nnx";
import { it } from "vitest";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import { layerTable, type LayerUnderTest } from "../../../layers/test/layer-table.ts";
import { checkModel, type ModelOptions } from "../index.ts";

/** How many models of each layer are tried. The long run has 1,000. */
const isLong = process.env.NNXJS_LAW_RUNS !== undefined;
const numRuns = Number(process.env.NNXJS_LAW_RUNS ?? 1);
/** Other models each time where many are tried; the same where one is. */
const seeds = numRuns > 1 ? {} : { seed: 1 };

/** The seed for a layer of the table, from the streams that a check gives. */
const seedOf = (rngs: Rngs): number => rngs.nextKey("params").toJSON().words[0]! % 2 ** 31;

/** Layers whose axis 0 does not have independent examples. */
const withoutRows = new Set(["LinearGeneral with batch axes"]);

/** What layers do as Flax's do, though no model of one's own should. */
function exceptionsOf(name: string): Pick<ModelOptions, "mayChange" | "copies"> {
  // An RNN draws its first carry in each pass. Two RNNs without streams of their own share a seed.
  if (/^RNN|^Bidirectional/.test(name)) return { mayChange: RngCount, copies: withTag("carry") };
  // Both write what they compute to the layer inside, and SpectralNorm to its vectors.
  if (name === "WeightNorm") return { mayChange: pathContains("kernel") };
  if (name === "SpectralNorm") return { mayChange: true };
  return {};
}

/**
 * Attention with norms over eight features. Over two, as in the table, a norm is nearly a step: its
 * gradient in float32 is off by some percent, as Flax's is.
 */
const attention = (seed: number): LayerUnderTest =>
  new MultiHeadAttention(2, 8, {
    numKvHeads: 1,
    qkvFeatures: 16,
    normalizeQk: true,
    dropoutRate: 0.3,
    deterministic: false,
    decode: false,
    biasInit: initializers.normal(1),
    rngs: new Rngs({ params: seed, dropout: seed + 1 }),
  });

onEachBackend("the laws", (backend) => {
  // The battery of layers runs on both backends in each test run; all laws do in the long run.
  it.each(backend === "cpu" || isLong ? layerTable : layerTable.slice(0, 3))(
    "hold for $name",
    async ({ name, make, input, notSmooth }) => {
      const like = input();
      const [rows, ...sizes] = like.shape;
      const isInteger = like.dtype === "int32";
      like.dispose();
      const isRows = !withoutRows.has(name);
      await checkModel(
        (rngs) => (name === "MultiHeadAttention" ? attention : make)(seedOf(rngs)),
        (layer: LayerUnderTest, x) => layer.forward(x!),
        {
          inputs: (key, batch) => {
            const shape = [isRows ? batch : rows!, ...sizes];
            return isInteger ? random.randint(key, shape, 0, 6) : random.normal(key, shape);
          },
          batch: isRows ? 3 : null,
          numRuns,
          ...seeds,
          ...exceptionsOf(name),
          ...(notSmooth === undefined ? {} : { wrt: false }),
        },
      );
    },
    3_600_000,
  );
});
