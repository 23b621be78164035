/** @file A law of models: how it is tried, and the error that says how it is broken. */
import { NnxError } from "@nnxjs/nnx-core";
import fc from "fast-check";
import { seeds } from "../arbitraries/keys.ts";

/** How often a law is tried. */
export interface LawOptions {
  /** How many models are tried, each from a seed of its own. @defaultValue 5 */
  readonly numRuns?: number;
  /** The seed of the seeds. A failure prints it. @defaultValue another one each time */
  readonly seed?: number;
}

/** How a model breaks a law. */
export interface Violation {
  /** The law in one sentence, such as "Evaluation draws nothing". */
  readonly law: string;
  /** What was expected and what came: `expected …, got …`. */
  readonly found: string;
  /** What usually causes it, and what to do. */
  readonly cause: string;
}

/** The violation of a law, if there is something that breaks it. */
export const broken = (law: string, found: string | undefined, cause: string): Violation | undefined =>
  found === undefined ? undefined : { law, found, cause };

/**
 * Thrown by checks when a model breaks a law.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import { checkModes, LawError } from "@nnxjs/testing";
 *
 * // A layer that draws its mask at all times, whatever its mode.
 * class Noisy extends nnx.Module {
 *   readonly rngs: nnx.Rngs;
 *   constructor(rngs: nnx.Rngs) {
 *     super();
 *     this.rngs = rngs;
 *   }
 *   forward(x: nnx.Tensor): nnx.Tensor {
 *     return nnx.random.normal(this.rngs.nextKey(), x.shape);
 *   }
 * }
 * const inputs = (key: nnx.PRNGKey, batch: number) => nnx.random.normal(key, [batch, 3]);
 * const found = await checkModes((rngs) => new Noisy(rngs), (m, x) => m.forward(x), { inputs }).catch(
 *   (error: unknown) => error,
 * );
 * found instanceof LawError; // => true
 * ```
 */
export class LawError extends NnxError {
  override readonly name = "LawError";
  /** The law that is broken. */
  readonly law: string;
  /** The smallest seed for the model that was found to break it. */
  readonly modelSeed: number;

  constructor(where: string, { law, found, cause }: Violation, modelSeed: number, seed: number) {
    super(
      `${where}: ${law}: ${found.replace(/[.]$/, "")}. ${cause} ` +
        `The model was made from seed ${modelSeed}; { seed: ${seed} } as an option tries the same models again.`,
    );
    this.law = law;
    this.modelSeed = modelSeed;
  }
}

/** Carries a violation through fast-check. */
class Broken extends Error {
  readonly violation: Violation;
  constructor(violation: Violation) {
    super(violation.found);
    this.violation = violation;
  }
}

/**
 * Tries something with several seeds.
 * @param violation - Returns how the model of a seed breaks a law, or undefined.
 * @throws {@link LawError} with the smallest seed that breaks it, and whatever `violation` throws.
 */
export async function hold(
  where: string,
  options: LawOptions,
  violation: (seed: number) => Promise<Violation | undefined>,
): Promise<void> {
  const { numRuns = 5, seed } = options;
  const property = fc.asyncProperty(seeds(), async (modelSeed) => {
    const found = await violation(modelSeed);
    if (found) throw new Broken(found);
  });
  // Seed 0 fails nearly always when any seed does: a short search finds a small one.
  const run = await fc.check(property, { numRuns, ...(seed === undefined ? {} : { seed }) });
  if (!run.failed) return;
  const { errorInstance: error, counterexample } = run;
  if (error instanceof Broken) throw new LawError(where, error.violation, counterexample![0], run.seed);
  throw error;
}

/** The first violation of several laws, tried one after the other. */
export async function firstOf(
  laws: readonly (() => Promise<Violation | undefined>)[],
): Promise<Violation | undefined> {
  for (const law of laws) {
    const found = await law();
    if (found) return found;
  }
  return undefined;
}
