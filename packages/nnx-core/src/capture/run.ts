/** @file One run of a captured function, whatever the session does with what it sees. */
import { describe, NnxError } from "../errors.ts";
import { classify } from "../graph/node.ts";
import { explainBareTensors } from "../module/bare-tensors.ts";
import { iterModules } from "../module/iter-modules.ts";
import { attachTo } from "../ownership/scopes.ts";
import { instrument } from "./instrument.ts";
import { formatPath } from "../path.ts";
import { refuseLate } from "./late.ts";
import { CapturedModules, type Session, throwerOf, whileOpen } from "./session.ts";

/** The modules of what is captured. @throws {@link NnxError} when it is nothing that has modules. */
export function capturedModules(where: string, root: unknown): CapturedModules {
  const kind = classify(root);
  if (kind === "node" || kind === "container")
    return new CapturedModules(root as object, iterModules(root as object));
  throw new NnxError(
    `${where}: expected a module as the first argument of the call, got ${describe(root)}. ` +
      "Capture a module, or a function that takes the model first.",
  );
}

/** Runs `f` with the session open. An async run is refused: what runs later would not be recorded. */
export function runCaptured<R>(
  where: string,
  session: Session,
  modules: CapturedModules,
  root: object,
  f: () => R,
): R {
  const stopAttaching = attachTo(root);
  const undo = instrument(where, modules, session);
  try {
    const result = whileOpen(session, root, f);
    refuseLate(where, "the function", result);
    return result;
  } catch (error) {
    if (error instanceof NnxError) sayWhere(error, modules);
    explainBareTensors(error, root);
    throw error;
  } finally {
    undo();
    stopAttaching();
  }
}

const placed = new WeakSet<NnxError>();

/** Layers do not know their path: it is added to what they throw, once. */
function sayWhere(error: NnxError, modules: CapturedModules): void {
  const thrower = throwerOf(error);
  const path = thrower && modules.pathOf(thrower);
  if (!path || path.length === 0 || placed.has(error)) return;
  placed.add(error);
  error.message += ` The module is at ${formatPath(path)}.`;
}
