/** @file The modules of a model. */
import { iterGraphNodes } from "../graph/iterate.ts";
import type { Path } from "../path.ts";
import { BaseModule } from "../graph/base-module.ts";

/**
 * Yields `root` and every module below it, each with its first path. Children come before parents,
 * sorted by name, and `root` comes last. Shared modules come once. Rngs and Variables are no
 * modules.
 * @see Flax `nnx.iter_modules`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * [...nnx.iterModules(new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) }))].length; // => 1
 * ```
 */
export function* iterModules(root: object): Generator<readonly [path: Path, module: BaseModule]> {
  for (const entry of iterGraphNodes(root)) {
    if (entry[1] instanceof BaseModule) yield entry as readonly [Path, BaseModule];
  }
}
