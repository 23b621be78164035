/** @file Collects garbage, for tests of what goes with it. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
export const collect = runInNewContext("gc") as () => void;

/** Collects once, after a turn in which finalizers run. */
export async function collectLater(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 5));
  collect();
}

/** Collects until `done`, since finalizers run when the engine likes; gives up after a while. */
export async function collected(done: () => boolean): Promise<boolean> {
  for (let i = 0; i < 400 && !done(); i++) await collectLater();
  return done();
}
