/**
 * @file One run of a function that is differentiated: all or nothing, and its errors say where they
 * come from.
 */
import { explainingBareTensors } from "../module/bare-tensors.ts";
import { atomically } from "../undo/atomically.ts";
import { framesOfArgument, type Structure } from "../undo/structure.ts";
import { CallLog } from "./call-log.ts";

/**
 * Runs `f`; when it throws, everything that can be reached from the arguments, and every Variable,
 * is as before.
 * @param f - Gets the attributes of the arguments as they were.
 */
export function runDifferentiated<R>(args: readonly unknown[], f: (before: Structure) => R): R {
  const frames = args.flatMap(framesOfArgument);
  return atomically(frames, (before) =>
    new CallLog(frames).watch(() => explainingBareTensors(args, () => f(before))),
  );
}
