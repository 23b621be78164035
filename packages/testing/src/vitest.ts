/**
 * @file Registers the matchers with vitest: import it in a test or a setup file.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import "@nnxjs/testing/vitest";
 *
 * // `expect` is vitest's.
 * const model = new nnx.Linear(2, 3, { rngs: new nnx.Rngs(0) });
 * await expect(nnx.clone(model)).toEqualValues(model);
 * ```
 */
import { expect } from "vitest";
import { nnxMatchers } from "./equality/matchers.ts";
import type { Tolerance } from "./equality/tolerance.ts";

declare module "vitest" {
  // biome-ignore lint/suspicious/noExplicitAny: this has to be vitest's own declaration.
  interface Matchers<T = any> {
    /** Equal tensors, States, models or containers of them, see `differences`. Await it. */
    toEqualValues(expected: unknown, tolerance?: Tolerance): Promise<void>;
  }
}

expect.extend(nnxMatchers);
