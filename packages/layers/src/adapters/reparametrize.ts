/** @file Calls a layer with temporary weights. */
import { iterNodes, NnxError, type Path, Variable } from "@nnxjs/nnx-core";
import { describe } from "@nnxjs/nnx-core/internal";
import { shapeText } from "../checks.ts";
import { isTensor, type Tensor } from "@nnxjs/kernels/internal";

/** A Variable of a layer and its path, joined with `/`. */
export interface Weight {
  readonly path: Path;
  readonly key: string;
  readonly variable: Variable<Tensor>;
}

/** The Variables of a layer that hold tensors, in Flax's order. */
export function weightsOf(layer: object, matches: (path: Path, variable: Variable) => boolean): Weight[] {
  const found: Weight[] = [];
  for (const [path, node] of iterNodes(layer)) {
    if (!(node instanceof Variable) || !isTensor(node.value) || !matches(path, node)) continue;
    found.push({ path, key: path.join("/"), variable: node as Variable<Tensor> });
  }
  return found;
}

/**
 * The statistic of a weight. @throws NnxError when the layer has weights that it did not have at
 * construction.
 */
export function statisticOf<V>(
  where: string,
  statistics: Readonly<Record<string, V>>,
  key: string,
  weight: Tensor,
): V {
  const found = statistics[key];
  if (found !== undefined) return found;
  throw new NnxError(
    `${where}: expected the layer to have the weights that it had at construction, with ${Object.keys(statistics).join(", ")}, ` +
      `got ${describe(weight)} that has no "${key}" among them. Wrap the layer again.`,
  );
}

/**
 * @throws NnxError unless a weight and its statistic have matching shapes; either may have been
 * replaced.
 */
export function checkFits(
  where: string,
  name: string,
  value: Tensor,
  shape: readonly number[],
  weight: Weight,
): void {
  if (isTensor(value) && shapeText(value.shape) === shapeText(shape)) return;
  throw new NnxError(
    `${where}: expected ${name} of shape ${shapeText(shape)} for the weight ${weight.key}, ${describe(weight.variable.value)}, ` +
      `got ${describe(value)}. Give both the shapes that they were made with.`,
  );
}

/**
 * Runs `call` while the weights have these values.
 * @param overwrite - Whether the values stay afterwards. They do not if the call throws.
 */
export function callWith<R>(
  values: readonly (readonly [Variable<Tensor>, Tensor])[],
  overwrite: boolean,
  call: () => R,
): R {
  // A temporary Variable holds each original value, or it would be freed.
  const kept = values.map(([variable]) => [variable, new Variable(variable.value)] as const);
  let restore = true;
  try {
    for (const [variable, value] of values) variable.value = value;
    const result = call();
    restore = !overwrite;
    return result;
  } finally {
    for (const [variable, holder] of kept) {
      if (restore) variable.value = holder.value;
      holder.dispose();
    }
  }
}
