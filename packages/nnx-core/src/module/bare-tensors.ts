/**
 * @file A tensor that was assigned over a Variable: said where a run trips over it, since the
 * attribute itself may be anything.
 */
import { iterGraphNodes } from "../graph/iterate.ts";
import { GraphNode } from "../graph/node.ts";
import { formatPath } from "../path.ts";
import { isTensor } from "../tensor.ts";

/**
 * Runs `f`; what it throws says which attributes of the arguments are tensors, where that explains
 * it.
 */
export function explainingBareTensors<R>(args: readonly unknown[], f: () => R): R {
  try {
    return f();
  } catch (error) {
    for (const each of args) explain(error, each);
    throw error;
  }
}

/**
 * Adds to an error of a run that read `undefined` which attributes are tensors without a Variable
 * around them: their `value` is what was read, most likely.
 * @param root - What was run.
 */
function explain(error: unknown, root: unknown): void {
  if (!(error instanceof Error) || !/undefined|null/.test(error.message)) return;
  for (const [path, node] of iterGraphNodes(root)) {
    if (!(node instanceof GraphNode)) continue;
    const name = Object.keys(node).find((key) => isTensor(Reflect.get(node, key)));
    if (name === undefined) continue;
    const place = formatPath([...path, name]);
    const text =
      ` ${place} is a tensor without a Variable around it, which has no value. If it was assigned over a Variable, write ` +
      `model.${place}.value = tensor.`;
    if (!error.message.includes(text)) Reflect.set(error, "message", error.message + text);
    return;
  }
}
