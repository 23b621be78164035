/**
 * @file A model's parts in the order in which they were defined. The walks of nnx-core sort them by
 * name.
 */
import { GraphNode, type Path, type PathPart, Variable } from "@nnxjs/nnx-core";
import { entriesOf, isContainer } from "@nnxjs/nnx-core/internal";

/** A node, container or Variable of a model, and the first place where it occurs. */
export interface Part {
  readonly value: object;
  /** The node or container that holds it. For the model itself, the model. */
  readonly holder: object;
  readonly path: Path;
}

interface Frame extends Part {
  readonly entries: ReturnType<typeof entriesOf>;
  next: number;
}

/** Yields every part once, children before parents, the model last. Cycles are safe. */
export function* definedParts(model: object): Generator<Part> {
  const seen = new Set<object>([model]);
  const open: Frame[] = [{ value: model, holder: model, path: [], entries: entriesOf(model), next: 0 }];
  for (let frame = open.at(-1); frame; frame = open.at(-1)) {
    const entry = frame.entries[frame.next++];
    if (entry === undefined) {
      open.pop();
      yield frame;
      continue;
    }
    const [key, value] = entry;
    const isHolder = value instanceof GraphNode || isContainer(value);
    if (!(isHolder || value instanceof Variable) || seen.has(value)) continue;
    seen.add(value);
    const part = { value, holder: frame.value, path: [...frame.path, key as PathPart] };
    if (isHolder) open.push({ ...part, entries: entriesOf(value), next: 0 });
    else yield part;
  }
}
