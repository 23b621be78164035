/** @file Runs a function to record it, and undoes what it does. */
import { StructureError } from "../errors.ts";
import { attachTo } from "../ownership/scopes.ts";
import { sealed } from "../recording/session.ts";
import { scoped } from "../tensor.ts";
import { atomically } from "../undo/atomically.ts";
import { framesOfArgument } from "../undo/structure.ts";
import type { Variable } from "../variable/variable.ts";
import type { Recording } from "./recording.ts";

/**
 * Runs `f`, and undoes what it does to the operands, to the arguments of the recorded call, and to
 * Variables.
 */
export function onTrial<R>(
  recording: Recording,
  where: string,
  operands: readonly unknown[],
  f: (written: Set<Variable>, settled: () => void) => R,
): R {
  return recording.trial((written) => {
    let result: R | undefined;
    // A function may close over modules that are arguments.
    const around = recording.structureNow();
    scoped(() => {
      const stopAttaching = attachTo(operands);
      try {
        atomically(
          operands.flatMap(framesOfArgument),
          (before) => {
            const settled = (): void => {
              if (before.isSame() && around.isSame()) return;
              throw new StructureError(
                `${where}: expected functions that change values alone in a recorded function, got one that adds, removes or replaces attributes. ` +
                  "Make Variables before, and write into them.",
              );
            };
            result = sealed(where, () => f(written, settled));
          },
          { alwaysUndo: true },
        );
      } finally {
        around.restore();
        stopAttaching();
      }
    });
    return result as R;
  });
}
