/** @file Where in the model an op without a rule was called: found by running once more, now that it matters. */
import { capturedModules, runCaptured } from "../capture/run.ts";
import { onlooker, runningModule } from "../capture/session.ts";
import { dispose } from "../dispose.ts";
import { MissingRuleError } from "../errors.ts";
import { GraphNode } from "../graph/node.ts";
import { state } from "../graph/split.ts";
import { update } from "../graph/update.ts";
import { formatPath, type Path } from "../path.ts";
import { onRecord } from "../tensor.ts";
import { recordApart } from "./tape.ts";

/** The error with the path of the module that called the op, where `f` is called with a model. The model is as it was afterwards. */
export function located(
  error: MissingRuleError,
  f: (...args: never) => unknown,
  args: readonly unknown[],
): MissingRuleError {
  const model = args.find((argument) => argument instanceof GraphNode);
  if (!model) return error;
  const path = callerOf(error.op, model, () => f(...(args as never)));
  return path === undefined ? error : new MissingRuleError(error.op, `, called in ${formatPath(path)}`);
}

function callerOf(op: string, model: GraphNode, run: () => unknown): Path | undefined {
  const modules = capturedModules("grad", model);
  const before = state(model);
  let found: Path | undefined;
  const stop = onRecord(({ kernelName, gradient }) => {
    const module = runningModule();
    if (found === undefined && kernelName === op && !gradient && module) found = modules.pathOf(module);
  });
  try {
    const { drop } = recordApart(() => {
      runCaptured("grad", onlooker, modules, model, run);
    });
    drop();
  } catch {
    // The first run got this far; what the second one trips over does not help to find the op.
  } finally {
    stop();
    update(model, before);
    dispose(before);
  }
  return found;
}
