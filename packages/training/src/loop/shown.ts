/** @file What a step returns to be shown: scalars, which are read when they are wanted. */
import { alias, isTensor, type Tensor } from "@nnxjs/kernels/internal";
import { NnxError } from "@nnxjs/nnx-core";
import { checkTensor, describe, isPlainObject } from "@nnxjs/nnx-core/internal";

/** A scalar, or scalars by name. One alone is called `loss`. */
// biome-ignore lint/suspicious/noConfusingVoidType: it is what functions return, also those that return nothing.
export type Shown = Tensor | number | Readonly<Record<string, Tensor | number>> | undefined | void;

/** Values by name; the tensors are the owner's. */
export type Values = Readonly<Record<string, Tensor | number>>;

/**
 * The values that a step returned, as copies: whoever the tensors belong to, these are the loop's.
 * @throws NnxError for what is no scalar.
 */
export function ownValues(where: string, shown: unknown): Values {
  const named = typeof shown === "number" || isTensor(shown) ? { loss: shown } : (shown ?? {});
  if (shown instanceof Promise) {
    // Nobody else waits for it.
    shown.catch(() => {});
    throw new NnxError(
      `${where}: expected a step that is not async, got a Promise. Go over the batches yourself, and await nnx.pacer's function.`,
    );
  }
  if (!isPlainObject(named)) {
    throw new NnxError(
      `${where}: expected a step to return scalars by name, got ${describe(shown)}. Return { loss }, say.`,
    );
  }
  return Object.fromEntries(Object.entries(named).map(([name, value]) => [name, own(where, name, value)]));
}

function own(where: string, name: string, value: unknown): Tensor | number {
  if (typeof value === "number") return value;
  checkTensor(where, name, value);
  if (value.size === 1) return alias(value);
  throw new NnxError(
    `${where}: expected ${name} to be a scalar, got ${describe(value)}. Return its mean, or a metric's value.`,
  );
}

/** Waits for the values without holding up the page. */
export async function read(values: Values): Promise<Record<string, number>> {
  const entries = Object.entries(values).map(
    async ([name, value]) =>
      [name, typeof value === "number" ? value : ((await value.data())[0] as number)] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
}
