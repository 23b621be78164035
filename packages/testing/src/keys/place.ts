/** @file The line of the user's code that led to a call. */

/** Files of nnxjs, installed or in its repository, and Node's own. Tests beside the sources are none. */
const OURS = /(@nnxjs\/|\/packages\/)[\w-]+\/(src|dist)\/|node:internal/;
const TESTS = /\.(test|bench)\.ts/;

/** V8 keeps ten lines otherwise. */
const limits = Error as { stackTraceLimit?: number | undefined };

/** `file:line:column` of the innermost call outside of nnxjs. */
export function placeOfCall(): string {
  const before = limits.stackTraceLimit;
  limits.stackTraceLimit = 50;
  const { stack = "" } = new Error("here");
  limits.stackTraceLimit = before;
  const frames = stack.split("\n").slice(1);
  const own = frames.find((frame) => TESTS.test(frame) || !OURS.test(frame)) ?? frames.at(-1) ?? "";
  return (
    /\(?((?:file:\/\/)?[^()\s]+:\d+:\d+)\)?$/.exec(own.trim())?.[1] ?? (own.trim() || "an unknown place")
  );
}
