/**
 * @file Branches and loops whose course depends on what is computed. Their functions are recorded as
 * blocks of the program: each runs once more for that, on copies, and leaves nothing behind.
 */
import { gradientDepth } from "../autodiff/tape.ts";
import { describe, NnxError } from "../errors.ts";
import { isReachable, isTensor, scalarOf, type Tensor } from "../tensor.ts";
import { type Recording, recordingNow } from "./recording.ts";

/** What to do where a choice or loop in a gradient depends on what is computed. */
const wayOutOfGradient = (where: string): string =>
  where === "whileLoop" || where === "foriLoop"
    ? "A loop whose number of steps depends on values has no gradient in a recorded function: repeat a fixed number of times (foriLoop with numbers " +
      "as bounds, scan) and keep with tf.where what is done, or do not record the function."
    : "The gradient would be that of one branch: choose outside of the gradient, or compute both and choose with tf.where.";

/**
 * The recording that has to find out at each replay what a scalar is.
 * @param gradients - How many gradients may be around.
 * @returns nothing where no recording goes on, or the scalar is the same in each replay.
 * @throws {@link NnxError} where a replay could not.
 */
export function recordingFor(where: string, value: unknown, gradients = 0): Recording | undefined {
  const recording = recordingNow();
  if (!recording || !isTensor(value) || value.rank !== 0 || value.dtype === "string") return undefined;
  const { recorder } = recording;
  if (!recorder.canBranch || !recorder.changes(value)) return undefined;
  if (gradientDepth() > gradients) {
    throw new NnxError(
      `${where}: expected a value that is known while the function is recorded, got ${describe(value)} inside of a gradient. ${wayOutOfGradient(where)}`,
    );
  }
  if (isReachable()) return recording;
  throw new NnxError(
    `${where}: expected a value that is known while the function is recorded, got ${describe(value)} on a backend whose values take long to read. ` +
      "Choose outside of the recorded function, or compute both and choose with tf.where.",
  );
}

/** Reads a scalar: the program holds for this value alone. */
export function readExpected(where: string, { recorder }: Recording, scalar: Tensor): number {
  const value = recorder.unrecorded(() => scalarOf(scalar, where));
  recorder.addControl({ kind: "expect", value }, [recorder.slotOf(scalar)]);
  return value;
}
