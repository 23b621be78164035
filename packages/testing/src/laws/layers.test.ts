/** @file No false alarm: every layer of this project holds to every law. */
import "@tensorflow/tfjs-backend-cpu";
import { random, type Rngs } from "@nnxjs/nnx";
import { it } from "vitest";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import { layerTable, type LayerUnderTest } from "../../../layers/test/layer-table.ts";
import { checkModel } from "../index.ts";

/** How many models of each layer are tried. The long run has 1,000. */
const numRuns = Number(process.env["NNXJS_LAW_RUNS"] ?? 2);

/** The seed for a layer of the table, from the streams that a check gives. */
const seedOf = (rngs: Rngs): number => rngs.nextKey("params").fingerprint % 2 ** 31;

/** Layers whose axis 0 does not have independent examples. */
const withoutRows = new Set(["LinearGeneral with batch axes"]);

onEachBackend("the laws", () => {
  it.each(layerTable)(
    "hold for $name",
    async ({ name, make, input, notSmooth }) => {
      const like = input();
      const [rows, ...sizes] = like.shape;
      const isInteger = like.dtype === "int32";
      like.dispose();
      const isRows = !withoutRows.has(name);
      await checkModel(
        (rngs) => make(seedOf(rngs)),
        (layer: LayerUnderTest, x) => layer.forward(x!),
        {
          inputs: (key, batch) => {
            const shape = [isRows ? batch : rows!, ...sizes];
            return isInteger ? random.randint(key, shape, 0, 6) : random.normal(key, shape);
          },
          batch: isRows ? 3 : null,
          numRuns,
          ...(notSmooth === undefined ? {} : { wrt: false }),
        },
      );
    },
    600_000,
  );
});
