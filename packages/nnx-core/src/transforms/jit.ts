/** @file Functions that are recorded once and replayed. */
import { gradientDepth } from "../autodiff/tape.ts";
import { checkFunction } from "../data/functions.ts";
import { notAResult } from "../data/not-a-result.ts";
import { checkOptions } from "../data/options.ts";
import { JitCache, type ProgramInfo } from "../program/cache.ts";
import { recordingNow } from "../program/recording.ts";
import { isCapturing } from "../recording/session.ts";

/** Options of {@link jit}. */
export interface JitOptions {
  /**
   * The positions of arguments that are no data: numbers, strings, functions, plain objects of
   * these. A program holds for equal values of them.
   * @defaultValue []
   */
  readonly staticArgs?: readonly number[];
}

/** A function that is recorded once and replayed. */
export interface Jitted<A extends readonly unknown[], R> extends Disposable {
  (...args: A): R;
  /** What was recorded so far, and why: for tests, and to see why calls are slow. */
  readonly programs: readonly ProgramInfo[];
  /** Frees the constants of all programs. The next call records again. */
  dispose(): void;
}

/** Returns `f` in a form that is recorded at the first call and replayed at later ones. */
export function jit<A extends readonly unknown[], R>(
  f: (...args: A) => R,
  options: JitOptions = {},
): Jitted<A, R> {
  checkFunction("jit", f);
  checkOptions<JitOptions>("jit", options, { staticArgs: true });
  const cache = new JitCache(f as (...args: readonly unknown[]) => unknown, options.staticArgs ?? []);
  const jitted = (...args: A): R => {
    // A tape, a capture and a recording around this one must see what `f` computes.
    if (gradientDepth() > 0 || isCapturing() || recordingNow()) return f(...args);
    return cache.call(args) as R;
  };
  Object.defineProperties(jitted, {
    programs: { get: () => cache.programs },
    dispose: { value: () => cache.dispose() },
    [Symbol.dispose]: { value: () => cache.dispose() },
  });
  return notAResult("jit", jitted as Jitted<A, R>);
}
