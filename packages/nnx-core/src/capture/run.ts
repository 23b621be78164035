/** @file One run of a captured function, whatever the session does with what it is told. */
import { describe, NnxError } from "../errors.ts";
import { framesOf } from "../graph/iterate.ts";
import { classify } from "../graph/node.ts";
import { explainingBareTensors } from "../module/bare-tensors.ts";
import { refuseLate } from "../ownership/late.ts";
import { attachTo } from "../ownership/scopes.ts";
import { formatPath } from "../path.ts";
import { recordOutput } from "../recording/record.ts";
import { enterModule, instrument, leaveModule, noteThrower, sayWhere } from "../recording/running.ts";
import { CapturedModules, type Session, whileOpen } from "../recording/session.ts";
import { atomically, type AtomicOptions } from "../undo/atomically.ts";
import { framesOfArgument, type Structure } from "../undo/structure.ts";

/**
 * The modules of what is captured.
 * @throws {@link NnxError} when it is nothing that has modules.
 */
export function capturedModules(where: string, root: unknown): CapturedModules {
  const kind = classify(root);
  if (kind === "node" || kind === "container") return new CapturedModules(root as object, framesOf(root));
  throw new NnxError(
    `${where}: expected a module as the first argument of the call, got ${describe(root)}. ` +
      "Capture a module, or a function that takes the model first.",
  );
}

/**
 * What the captured function returns. An async run is refused: what runs later would not be
 * recorded.
 */
export function returned<R>(where: string, result: R): R {
  refuseLate(where, () => "the function", result);
  return result;
}

/**
 * Runs `f` with the session open; when it throws, the captured model and all arguments are as
 * before.
 * @param args - What `f` is called with, besides the captured model.
 */
export function runCaptured<R>(
  where: string,
  session: Session,
  args: readonly unknown[],
  f: (before: Structure) => R,
  options?: AtomicOptions,
): R {
  const { root, frames } = session.modules;
  const ofArgs = args.flatMap((each) => (each === root ? [] : framesOfArgument(each)));
  const stopAttaching = attachTo([root, args]);
  try {
    return atomically(
      [...frames, ...ofArgs],
      (before) => watched(where, session, () => explainingBareTensors([root, ...args], () => f(before))),
      options,
    );
  } finally {
    stopAttaching();
  }
}

/** Runs `f` with the session open and every method wrapped; see README.md for who needs that. */
function watched<R>(where: string, session: Session, f: () => R): R {
  const { modules } = session;
  const unwrap = instrument(modules, {
    enter: enterModule,
    leave: leaveModule,
    returned: (module, { name, recorded }, result) => {
      const place = () => `the method at ${formatPath([...modules.pathOf(module), name])}`;
      refuseLate(where, place, result);
      return recorded ? recordOutput(session, module, name, result) : result;
    },
  });
  enterModule(modules.root);
  try {
    return whileOpen(session, f);
  } catch (error) {
    noteThrower(error, modules.root);
    sayWhere(error, (module) => modules.pathOf(module));
    throw error;
  } finally {
    leaveModule();
    unwrap();
  }
}
