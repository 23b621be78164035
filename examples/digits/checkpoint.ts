/** @file Runs that are stopped and go on. */
import { file } from "@nnxjs/checkpoint/node";
import * as nnx from "@nnxjs/nnx";
import type { Run } from "./train.ts";

/** What a run cannot change on its way. */
interface Settings {
  readonly rate: number;
  readonly seed: number;
}

/** The file is the old one or the new one, whole, whenever the program is stopped. */
export const saveRun = (path: string, run: Run, { rate, seed }: Settings): Promise<void> =>
  nnx.save(run, file(path), { metadata: { rate: `${rate}`, seed: `${seed}` } });

/** @throws NnxError for a run with another rate or seed, and a file that is none of a run. */
export async function restoreRun(path: string, run: Run, settings: Settings): Promise<void> {
  const checkpoint = await nnx.open(file(path));
  try {
    for (const name of ["rate", "seed"] as const) {
      const saved = checkpoint.metadata[name];
      if (saved === `${settings[name]}`) continue;
      throw new nnx.NnxError(
        `--resume: expected a run with --${name} ${settings[name]}, got ${saved ?? "none"}.`,
      );
    }
    await nnx.restore(run, checkpoint);
  } finally {
    await checkpoint.close();
  }
}
