/** @file All laws in one call. */
import { checkOptions, type OptionNames } from "@nnxjs/nnx-core/internal";
import { checkBackends } from "./backends.ts";
import { checkCapture } from "./capture.ts";
import { checkCheckpoint } from "./checkpoint.ts";
import { checkGradients, type GradientsOptions } from "./gradients.ts";
import { checkJit } from "./jit.ts";
import { checkNoLeaks } from "./leaks.ts";
import { checkModes } from "./modes.ts";
import { checkRngDeterminism, type RngOptions, rngOptionNames } from "./rng-determinism.ts";
import { checkSplitMerge, type SplitMergeOptions } from "./split-merge.ts";
import { checkVmap } from "./vmap.ts";
import type { ForwardOf, MakeModel } from "./subject.ts";

/** What {@link checkModel} needs to know: the options of all checks. */
export interface ModelOptions extends RngOptions, GradientsOptions, SplitMergeOptions {
  /** Backends to compare, see {@link checkBackends}. @defaultValue none: the one in use alone */
  readonly backends?: readonly string[];
  /** Whether {@link checkJit} is among the laws. @defaultValue true */
  readonly jit?: boolean;
  /** Whether {@link checkVmap} is among the laws. @defaultValue true */
  readonly vmap?: boolean;
}

const names: OptionNames<ModelOptions> = {
  ...rngOptionNames,
  wrt: true,
  wrtInputs: true,
  tolerance: true,
  secondOrder: true,
  backends: true,
  json: true,
  jit: true,
  vmap: true,
};

/**
 * Holds a model to all laws: {@link checkRngDeterminism}, {@link checkModes}, {@link checkSplitMerge},
 * {@link checkCheckpoint}, {@link checkCapture}, {@link checkGradients}, {@link checkJit},
 * {@link checkVmap}, {@link checkNoLeaks}, and {@link checkBackends} where backends are named.
 * @param makeModel - Builds the model from its streams.
 * @param forward - Calls it.
 * @throws {@link LawError} of the first law that is broken.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import { checkModel } from "@nnxjs/testing";
 *
 * await checkModel(
 *   (rngs) => new nnx.Linear(3, 2, { rngs }),
 *   (linear, x) => linear.forward(x),
 *   { inputs: (key, batch) => nnx.random.normal(key, [batch, 3]), numRuns: 2 },
 * );
 * ```
 */
export async function checkModel<M extends object>(
  makeModel: MakeModel<M>,
  forward: ForwardOf<M>,
  options: ModelOptions = {},
): Promise<void> {
  checkOptions<ModelOptions>("checkModel", options, names);
  const {
    streams,
    copies,
    wrt,
    wrtInputs,
    tolerance,
    secondOrder,
    backends,
    json,
    jit = true,
    vmap = true,
    ...common
  } = options;
  const given = <O extends object>(all: O): O =>
    Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as O;
  await checkRngDeterminism(makeModel, forward, given({ ...common, streams, copies }) as RngOptions);
  await checkModes(makeModel, forward, common);
  await checkSplitMerge(makeModel, forward, given({ ...common, json }) as SplitMergeOptions);
  await checkCheckpoint(makeModel, forward, common);
  await checkCapture(makeModel, forward, common);
  await checkGradients(
    makeModel,
    forward,
    given({ ...common, wrt, wrtInputs, tolerance, secondOrder }) as GradientsOptions,
  );
  if (jit) await checkJit(makeModel, forward, common);
  if (vmap) await checkVmap(makeModel, forward, common);
  await checkNoLeaks(makeModel, forward, { ...common, scope: true });
  if (backends) await checkBackends(backends, makeModel, forward, common);
}
