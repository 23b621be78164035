/**
 * @file Rules need more of a recorded call than tensorflow.js 4 passes to them. They rely on the
 * order of its four steps: `inputsToSave.map(name => input)`, `.concat(outputs)`, `rule.gradFunc`,
 * `tape.push(node)`. Nothing of another call happens in between.
 */
import { isRecording, sharedCopy, type TapeNode, tapeEngine } from "@nnxjs/kernels/internal";
import { customGrad, keep, reshape, type Tensor } from "@tensorflow/tfjs-core";

/** Reads an input of the call that is being recorded. */
export type ReadInput = (name: string) => Tensor | undefined;

/**
 * Lets a rule choose what to save while a call is recorded. tensorflow.js calls
 * `inputsToSave.map(name => input)`, so a subclass of Array can override `map` and read the inputs.
 * A plain list of names would save a copy of a whole tensor even where the rule needs only its
 * shape.
 */
export class InputsToSave extends Array<string> {
  readonly #choose: (input: ReadInput) => readonly Tensor[];

  constructor(choose: (input: ReadInput) => readonly Tensor[]) {
    super();
    this.#choose = choose;
  }

  override map<U>(read: (value: string, index: number, array: string[]) => U): U[] {
    // The only caller passes `name => inputs[name]`, and clones the tensors that `map` returns.
    return this.#choose((name) => read(name, 0, this) as Tensor | undefined) as U[];
  }
}

/** Tensors to save that the engine is to share instead of running a kernel for each copy. */
class ToShare extends Array<Tensor> {
  override map<U>(_keepCopy: (value: Tensor, index: number, array: Tensor[]) => U): U[] {
    // The only caller wants one tensor for each, which it frees with the tape.
    return Array.from(this, (tensor) => keep(sharedCopy(tensor))) as U[];
  }
}

/**
 * The tensors to save of a call. tensorflow.js calls `concat(outputs)` on them, which gives this
 * class the outputs themselves, and `map` on the result to copy each by a kernel and an entry on
 * the tape. Those of a shared one are shared instead, so that the tape does not know them.
 */
export class Saved extends Array<Tensor> {
  outputs: readonly Tensor[] = [];
  isShared = false;

  override concat(...outputs: (Tensor | ConcatArray<Tensor>)[]): Tensor[] {
    this.outputs = outputs.flat() as Tensor[];
    const all: Tensor[] = this.isShared ? new ToShare() : [];
    all.push(...this, ...this.outputs);
    return all;
  }
}

/**
 * Connects a saved copy to its tensor on the tape, which does not know the copy: tensorflow.js
 * copies an output before it records the call that made it, and what is shared is not recorded at
 * all. Without this, its share of a second gradient would be lost silently.
 */
export function onTape(copy: Tensor, tensor: Tensor): Tensor {
  if (!isRecording()) return copy;
  return customGrad(() => ({
    value: reshape(copy, copy.shape),
    gradFunc: (dy: Tensor) => reshape(dy, dy.shape),
  }))(tensor);
}

/**
 * Calls `show` with the tape node of the call that is being recorded. Call it from a `gradFunc`
 * getter.
 */
export function onNextNode(show: (node: TapeNode) => void): void {
  const tape = tapeEngine().state.activeTape;
  // Something read `gradFunc` although no call is being recorded.
  if (tape === null || !isRecording()) return;
  tape.push = (...nodes) => {
    Reflect.deleteProperty(tape, "push");
    nodes.forEach(show);
    return tape.push(...nodes);
  };
}

/** Leaves a tape node its first output: no gradient flows from the others, which are for its rule. */
export function keepFirstOutput(node: TapeNode): void {
  (node as { outputs: readonly Tensor[] }).outputs = node.outputs.slice(0, 1);
}

/**
 * Removes inputs that were not given from a tape node. tensorflow.js reads `id` of every input, so
 * an absent one would throw.
 */
export function dropAbsentInputs({ inputs }: TapeNode): void {
  const all = inputs as Record<string, Tensor | null | undefined>;
  for (const name of Object.keys(all)) if (all[name] == null) delete all[name];
}
