/** @file A scope around work on models. */
import { tidy } from "@nnxjs/kernels/internal";

/**
 * Runs `f` and frees the tensors that it made and nobody holds. Its result is not looked into: it
 * may be deep.
 */
export function inScope<R>(f: () => R): R {
  const results: R[] = [];
  tidy(() => {
    results.push(f());
  });
  return results[0] as R;
}
