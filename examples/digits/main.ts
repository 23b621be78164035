/**
 * @file Trains a DropConnect classifier on digits, and prints how sure it is about known and unseen
 * digits.
 */
import "@tensorflow/tfjs-backend-cpu";
import * as nnx from "@nnxjs/nnx";
import * as tf from "@tensorflow/tfjs-core";
import { CommanderError } from "commander";
import { restoreRun, saveRun } from "./checkpoint.ts";
import { loadDigits } from "./data.ts";
import { CLASSES, first, type Images } from "./images.ts";
import { accuracy, mean, predict, sample } from "./evaluate.ts";
import { inspect } from "./inspect.ts";
import { type Options, parseOptions } from "./options.ts";
import { gallery } from "./report/draw.ts";
import { RunPage } from "./report/page.ts";
import { captureTable, modelTable } from "./report/tables.ts";
import { prepare, type Run, train } from "./train.ts";

const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;

/** Loss and accuracy of the epoch. */
function metricsOf({ metrics }: Run): { loss: number; accuracy: number } {
  const { loss, accuracy: right } = metrics.compute();
  const [nats = Number.NaN, share = Number.NaN] = [...loss.dataSync(), ...right.dataSync()];
  nnx.dispose([loss, right]);
  return { loss: nats, accuracy: share };
}

function progressOf(run: Run): string {
  const { loss, accuracy: share } = metricsOf(run);
  return `loss ${loss.toFixed(4)}, accuracy ${percent(share)}`;
}

async function main(options: Options): Promise<void> {
  const { epochs, seed, backend, samples, save, resume, report } = options;
  tf.enableProdMode();
  if (backend === "wasm") await import("@tensorflow/tfjs-backend-wasm");
  await tf.setBackend(backend);
  const { train: images, known, unseen } = loadDigits();
  const run = prepare(images, options);
  const { model } = run;
  if (resume) await restoreRun(resume, run, options);
  console.log(
    `${images.count} images to train on, ${known.count} held out, ${unseen.count} of digits never trained on; ${backend} backend\n`,
  );
  console.log(modelTable(model));

  const page = new RunPage(model, known);
  await train(run, epochs, async (label) => {
    page.record(metricsOf(run));
    if (save) await saveRun(save, run, options);
    // Where there is no terminal there is no bar.
    if (!process.stderr.isTTY) console.error(`${label}: ${progressOf(run)}`);
  });
  console.log(`\nlast epoch of training: ${progressOf(run)}`);

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
    const { activations, gradients } = inspect(model, first(known, 64));
    console.log(captureTable(activations, gradients));
  });
  console.log(`\nreport: ${await page.write(report, unseen, options)}`);
  nnx.dispose(run);
}

const join = (a: Images, b: Images): Images => ({
  pixels: Float32Array.from([...a.pixels, ...b.pixels]),
  labels: Int32Array.from([...a.labels, ...b.labels]),
  count: a.count + b.count,
});

try {
  await main(parseOptions(process.argv.slice(2)));
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode;
  else if (error instanceof nnx.NnxError) {
    console.error(`error: ${error.message}`);
    process.exitCode = 2;
  } else throw error;
}
