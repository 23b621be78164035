/**
 * @file Trains a DropConnect classifier on digits, and prints how sure it is about known and unseen
 * digits.
 */
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { CommanderError } from "commander";
import { CLASSES, type Images, loadDigits } from "./data.ts";
import { accuracy, mean, predict, sample } from "./evaluate.ts";
import { inspect } from "./inspect.ts";
import { Mlp, streams } from "./model.ts";
import { type Options, parseOptions } from "./options.ts";
import { withBar } from "./report/bar.ts";
import { gallery } from "./report/draw.ts";
import { captureTable, modelTable } from "./report/tables.ts";
import { take, train } from "./train.ts";

const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;

async function run({ epochs, rate, seed, backend, samples }: Options): Promise<void> {
  tf.enableProdMode();
  if (backend === "wasm") await import("@tensorflow/tfjs-backend-wasm");
  await tf.setBackend(backend);
  const { train: images, known, unseen } = loadDigits();
  const rngs = streams(seed);
  const model = new Mlp(rate, { rngs });
  console.log(
    `${images.count} images to train on, ${known.count} held out, ${unseen.count} of digits never trained on; ${backend} backend\n`,
  );
  console.log(modelTable(model));

  await trainWithBar(model, images, { epochs, rngs });

  const onePass = accuracy(predict(model, known), known);
  model.eval();
  const deterministic = accuracy(predict(model, known), known);
  const sampled = sample(model, known, { samples, seed });
  const strange = sample(model, unseen, { samples, seed });
  console.log("\naccuracy on held-out 0-7");
  console.log(`  one stochastic pass   ${percent(onePass)}`);
  console.log(`  deterministic pass    ${percent(deterministic)}`);
  console.log(`  ${`${samples} sampled passes`.padEnd(20)}  ${percent(accuracy(sampled.mean, known))}`);

  const [familiar, foreign] = [mean(sampled.epistemic), mean(strange.epistemic)];
  console.log("\nmean epistemic uncertainty (nats)");
  console.log(`  known digits 0-7      ${familiar.toFixed(4)}`);
  console.log(
    `  unseen digits 8, 9    ${foreign.toFixed(4)}, ${(foreign / familiar).toFixed(1)} times as much`,
  );

  const all = join(known, unseen);
  const epistemic = [...sampled.epistemic, ...strange.epistemic];
  const means = Float32Array.from([...sampled.mean, ...strange.mean]);
  const byCertainty = Array.from(epistemic.keys()).sort(
    (a, b) => (epistemic[a] as number) - (epistemic[b] as number),
  );
  const caption = (i: number): string => {
    const row = means.subarray(i * CLASSES, (i + 1) * CLASSES);
    const guess = row.indexOf(Math.max(...row));
    return `is ${all.labels[i]}, says ${guess} (${(epistemic[i] as number).toFixed(4)})`;
  };
  console.log(`\nmost certain\n${gallery(all, byCertainty.slice(0, 3), caption)}`);
  console.log(`\nleast certain\n${gallery(all, byCertainty.slice(-3).reverse(), caption)}`);

  console.log("\none batch of 64 held-out images, deterministic pass");
  tf.tidy(() => {
    const { activations, gradients } = inspect(
      model,
      take(
        known,
        Array.from({ length: 64 }, (_, i) => i),
      ),
    );
    console.log(captureTable(activations, gradients));
  });
  model.dispose();
}

async function trainWithBar(
  model: Mlp,
  images: Images,
  { epochs, rngs }: { epochs: number; rngs: ReturnType<typeof streams> },
) {
  const start = performance.now();
  let loss = Number.NaN;
  const format = "training [{bar}] epoch {epoch}/{epochs}, loss {loss}, {speed} images/s";
  const first = { epoch: 1, epochs, loss: "-", speed: "-" };
  await withBar(format, epochs * images.count, first, (bar) =>
    train(model, images, {
      epochs,
      rngs,
      report: (progress) => {
        loss = progress.loss;
        const speed = Math.round((1000 * progress.images) / (performance.now() - start));
        bar.update(progress.images, { epoch: progress.epoch + 1, loss: loss.toFixed(4), speed });
      },
    }),
  );
  console.log(`\ntraining loss of the last epoch ${loss.toFixed(4)}`);
}

const join = (a: Images, b: Images): Images => ({
  pixels: Float32Array.from([...a.pixels, ...b.pixels]),
  labels: Int32Array.from([...a.labels, ...b.labels]),
  count: a.count + b.count,
});

try {
  await run(parseOptions(process.argv.slice(2)));
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode;
}
