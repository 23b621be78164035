/** @file No false alarm: every layer of this project holds to every law. */
import { it } from "vitest";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import { layerCases } from "../../test/law-cases.ts";

onEachBackend("the laws", (backend) => {
  // The battery of layers runs on both backends in each test run; all laws do in `npm run test:laws`.
  it.each(backend === "cpu" ? layerCases : layerCases.slice(0, 3))("hold for $name", ({ check }) =>
    check({ numRuns: 1, seed: 1 }),
  );
});
