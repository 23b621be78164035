/**
 * @file Shows where four classifiers of two moons are unsure, and where they should be unsure but
 * are not.
 */
import "@tensorflow/tfjs-backend-wasm";
import { writeFileSync } from "node:fs";
import * as nnx from "@nnxjs/nnx";
import * as tf from "@tensorflow/tfjs-core";
import { distances, gridOf, type Points, twoMoons } from "./data.ts";
import { beside, mapOf, svgOf } from "./draw.ts";
import { type Predictor, predictors } from "./model.ts";
import { HELP, type Options, parseOptions } from "./options.ts";

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
const cell = (value: number | string): string =>
  (typeof value === "number" ? value.toFixed(3) : value).padStart(13);

/** The uncertainties in bits, so that a coin flip is 1. */
const ask = (predictor: Predictor, points: Points) => {
  const samples = predictor.predict(points);
  return { ...nnx.entropyDecomposition(samples, { base: 2 }), guess: nnx.predictiveMean(samples).data };
};

async function run({ rate, steps, samples, seed, out }: Options): Promise<void> {
  tf.enableProdMode();
  await tf.setBackend("wasm");
  const key = nnx.random.key(seed);
  const moons = twoMoons(500, 0.1, nnx.random.foldIn(key, 0));
  const test = twoMoons(500, 0.1, nnx.random.foldIn(key, 1));
  const all = predictors(moons, { rate, steps, samples, seed });

  console.log(
    `Two moons: 500 points, ${steps} training steps, ${samples} samples. Uncertainty in bits: 1 is a coin flip.\n`,
  );
  const small = gridOf(38, 18);
  const maps = all.map((predictor) => ({
    title: predictor.name,
    lines: mapOf(small, ask(predictor, small).total, 1, moons),
  }));
  console.log(`total uncertainty, " " is 0 and "@" is 1; o and x are data\n`);
  console.log(`${beside(maps.slice(0, 2))}\n\n${beside(maps.slice(2))}\n`);

  const grid = gridOf(63, 54);
  const away = distances(grid, moons);
  const maxima = all.map((predictor) => ask(predictor, grid));
  console.log(
    `${"".padEnd(20)}${["test", "total", "total", "epistemic", "epistemic", "far or near"].map(cell).join("")}`,
  );
  console.log(
    `${"".padEnd(20)}${["accuracy", "near data", "far away", "near data", "far away", "by total"].map(cell).join("")}`,
  );
  all.forEach((predictor, i) => {
    const { guess } = ask(predictor, test);
    const right = Array.from(test.labels, (label, p) =>
      Number(((guess[2 * p + 1] as number) > 0.5 ? 1 : 0) === label),
    );
    const { total, epistemic } = maxima[i] as (typeof maxima)[number];
    const near = [...away.keys()].filter((p) => (away[p] as number) < 0.25);
    const far = [...away.keys()].filter((p) => (away[p] as number) > 1);
    const at = (values: Float64Array, where: readonly number[]) => where.map((p) => values[p] as number);
    const numbers = [
      mean(right),
      mean(at(total, near)),
      mean(at(total, far)),
      mean(at(epistemic, near)),
      mean(at(epistemic, far)),
    ];
    console.log(
      `${predictor.name.padEnd(20)}${[...numbers, nnx.auroc(at(total, near), at(total, far))].map(cell).join("")}`,
    );
  });
  console.log(`
near data: less than 0.25 from a training point; far away: more than 1. The last column is the AUROC of telling the two apart.

What these pictures show: where the classes meet, all four are unsure, and samples or members disagree on where exactly they meet.
What they do not show: that the nets know where they have no data. A ReLU net goes on linearly: far out, all of them are as sure as
can be, the further the surer, but along the continued boundary. An AUROC of 0.5 is chance; below it, far points look surer than near ones.`);
  const rows = (["total", "epistemic"] as const).map((part) =>
    all.map(({ name }, i) => ({
      title: `${name}: ${part}`,
      values: (maxima[i] as (typeof maxima)[number])[part],
    })),
  );
  writeFileSync(out, svgOf(grid, moons, rows, 1));
  console.log(`\nThe same as a picture, with the epistemic part below: ${out}`);
}

try {
  const options = parseOptions(process.argv.slice(2));
  if (options) await run(options);
  else console.log(HELP);
} catch (error) {
  if (!(error instanceof Error)) throw error;
  console.error(`error: ${error.message}`);
  process.exitCode = 2;
}
