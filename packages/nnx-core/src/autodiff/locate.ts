/** @file Where in the model an op without a rule was called: found by running once more, now that it matters. */
import { capturedModules, runCaptured } from "../capture/run.ts";
import { type CapturedModules, isCapturing, onlooker, runningModule } from "../capture/session.ts";
import { dispose } from "../dispose.ts";
import { MissingRuleError, NnxError } from "../errors.ts";
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
  let found: Path | undefined;
  const modules = capturedModules("grad", model);
  const stop = onRecord(({ kernelName, gradient }) => {
    const module = runningModule();
    if (found === undefined && kernelName === op && !gradient && module) found = modules.pathOf(module);
  });
  try {
    // What the second run trips over does not help to find the op.
    runAgain(modules, model, run);
  } finally {
    stop();
  }
  return found;
}

/** An error that a layer threw, with the layer's path, where `f` is called with a model. */
export function placed(error: NnxError, f: (...args: never) => unknown, args: readonly unknown[]): NnxError {
  const model = args.find((argument) => argument instanceof GraphNode);
  // Inside a capture the path has been added already.
  if (!model || isCapturing()) return error;
  const again = runAgain(capturedModules("grad", model), model, () => f(...(args as never)));
  return again instanceof NnxError && again.message.startsWith(error.message) ? again : error;
}

/** Runs with all modules watched and gives back what is thrown. The model is as it was afterwards. */
function runAgain(modules: CapturedModules, model: GraphNode, run: () => unknown): unknown {
  const before = state(model);
  try {
    recordApart(() => {
      runCaptured("grad", onlooker, modules, model, run);
    }).drop();
    return undefined;
  } catch (error) {
    return error;
  } finally {
    update(model, before);
    dispose(before);
  }
}
