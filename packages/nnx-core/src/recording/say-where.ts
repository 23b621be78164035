/** @file The path of the module in which an error was thrown, as a sentence of its message. */
import { NnxError } from "../errors.ts";
import { formatPath, type Path } from "../path.ts";
import { throwerOf } from "./session.ts";

const placed = new WeakSet<NnxError>();

/** Layers do not know their path: it is added to what they throw, once. */
export function sayWhere(error: unknown, pathOf: (module: object) => Path | undefined): void {
  if (!(error instanceof NnxError) || placed.has(error)) return;
  const thrower = throwerOf(error);
  const path = thrower && pathOf(thrower);
  if (!path || path.length === 0) return;
  placed.add(error);
  error.message += ` The module is at ${formatPath(path)}.`;
}
