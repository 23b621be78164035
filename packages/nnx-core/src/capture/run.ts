/** @file One run of a captured function, whatever the session does with what it sees. */
import { describe, NnxError } from "../errors.ts";
import { framesOf } from "../graph/iterate.ts";
import { classify } from "../graph/node.ts";
import { explainingBareTensors } from "../module/bare-tensors.ts";
import { attachTo } from "../ownership/scopes.ts";
import { formatPath } from "../path.ts";
import { atomically, type AtomicOptions } from "../undo/atomically.ts";
import { framesOfArgument, type Structure } from "../undo/structure.ts";
import { instrument } from "../recording/instrument.ts";
import { refuseLate } from "../ownership/late.ts";
import { sayWhere } from "../recording/say-where.ts";
import {
  CapturedModules,
  enterModule,
  leaveModule,
  noteThrower,
  type Session,
  whileOpen,
} from "../recording/session.ts";

/** The modules of what is captured. @throws {@link NnxError} when it is nothing that has modules. */
export function capturedModules(where: string, root: unknown): CapturedModules {
  const kind = classify(root);
  if (kind === "node" || kind === "container") return new CapturedModules(root as object, framesOf(root));
  throw new NnxError(
    `${where}: expected a module as the first argument of the call, got ${describe(root)}. ` +
      "Capture a module, or a function that takes the model first.",
  );
}

/** What the captured function returns. An async run is refused: what runs later would not be recorded. */
export function returned<R>(where: string, result: R): R {
  refuseLate(where, () => "the function", result);
  return result;
}

/**
 * Runs `f` with the session open; when it throws, the captured model and all arguments are as before.
 * @param args - What `f` is called with, besides the captured model.
 */
export function runCaptured<R>(
  where: string,
  session: Session,
  args: readonly unknown[],
  f: (before: Structure) => R,
  options?: AtomicOptions,
): R {
  const { modules } = session;
  const frames = args.flatMap((each) => (each === modules.root ? [] : framesOfArgument(each)));
  const stopAttaching = attachTo([modules.root, args]);
  try {
    return atomically(
      [...modules.frames, ...frames],
      (before) =>
        watched(where, session, () => explainingBareTensors([modules.root, ...args], () => f(before))),
      options,
    );
  } finally {
    stopAttaching();
  }
}

function watched<R>(where: string, session: Session, f: () => R): R {
  const { modules } = session;
  const undo = instrument(modules, {
    enter: enterModule,
    leave: leaveModule,
    threw: (module, error) => noteThrower(error, module),
    returned: (module, { name, recorded }, result) => {
      const place = () => `the method at ${formatPath([...(modules.pathOf(module) ?? []), name])}`;
      refuseLate(where, place, result);
      return recorded ? session.output(module, name, result) : result;
    },
  });
  try {
    return whileOpen(session, f);
  } catch (error) {
    sayWhere(error, (module) => modules.pathOf(module));
    throw error;
  } finally {
    undo();
  }
}
