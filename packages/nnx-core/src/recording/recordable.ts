/** @file What can be recorded: values whose tensors can be found, copied and held. */
import { describe, NnxError } from "../errors.ts";
import { GraphNode } from "../graph/node.ts";
import { tensorsIn } from "../ownership/tensors-in.ts";
import { isPlainObject } from "../data/plain-object.ts";
import { isTensor } from "../tensor.ts";
import { Variable } from "../variable/variable.ts";
import type { VariableType } from "../variable/variable-state.ts";

/** The first instance of a class in a value that has tensors of its own. Modules and Variables hold theirs themselves. */
export function hiddenTensors(value: unknown): object | undefined {
  if (typeof value !== "object" || value === null || isTensor(value) || ArrayBuffer.isView(value))
    return undefined;
  if (value instanceof GraphNode || value instanceof Variable) return undefined;
  if (Array.isArray(value) || value instanceof Map || isPlainObject(value)) {
    for (const item of value instanceof Map ? value.values() : Object.values(value)) {
      const found = hiddenTensors(item);
      if (found) return found;
    }
    return undefined;
  }
  const items = value instanceof Set ? [...(value as ReadonlySet<unknown>)] : Object.values(value);
  return tensorsIn(items).length > 0 || items.some(isTensor) ? value : undefined;
}

/** Refuses a value with tensors where nobody would hold them. */
export function refuseHidden(where: "sow" | "perturb", value: unknown, place: () => string): void {
  const hidden = hiddenTensors(value);
  if (!hidden) return;
  throw new NnxError(
    `${where} at ${place()}: expected tensors, or arrays, plain objects and Maps of tensors, got ${describe(hidden)} that has tensors of its own. ` +
      "Nobody could free them with the recording: record its tensors instead.",
  );
}

/** As which type each name of each module was sown: a name has one. */
export class SownTypes {
  private readonly byModule = new WeakMap<object, Map<string, VariableType>>();

  /** @throws {@link NnxError} when the name has values of another type. */
  note(module: object, name: string, type: VariableType, place: () => string): void {
    const names = this.byModule.get(module) ?? new Map<string, VariableType>();
    const before = names.get(name) ?? type;
    if (before !== type) {
      throw new NnxError(
        `sow at ${place()}: expected ${type.typeName} values under a name of their own, got a name that ` +
          `${before.typeName} values have. Sow one of them under another name.`,
      );
    }
    this.byModule.set(module, names.set(name, type));
  }
}
