/**
 * @file What tensorflow.js 4 shows of a call while it writes it on the tape, for rules that need
 * more than it hands out. In the order in which it does things: `inputsToSave.map(name => input)`,
 * `.concat(outputs)`, `rule.gradFunc`, `tape.push(node)`, with nothing of another call in between.
 */
import { isRecording } from "@nnxjs/kernels/internal";
import { customGrad, engine, reshape, type Tensor } from "@tensorflow/tfjs-core";

/** A recorded call. */
export interface TapeNode {
  readonly inputs: Record<string, Tensor | null | undefined>;
  readonly outputs: readonly Tensor[];
}

/** Reads an input of the call that is being recorded. */
export type ReadInput = (name: string) => Tensor | undefined;

/**
 * Lets a rule choose what to save when a call is recorded. tensorflow.js asks
 * `inputsToSave.map(name => input)`, so a list with its own `map` sees the inputs; the stock way
 * copies a whole tensor where its shape would do.
 */
export class InputsToSave extends Array<string> {
  readonly #choose: (input: ReadInput) => readonly Tensor[];

  constructor(choose: (input: ReadInput) => readonly Tensor[]) {
    super();
    this.#choose = choose;
  }

  override map<U>(read: (value: string, index: number, array: string[]) => U): U[] {
    // The one caller passes `name => inputs[name]` and clones what comes back.
    return this.#choose((name) => read(name, 0, this) as Tensor | undefined) as U[];
  }
}

/**
 * What to save of a call. tensorflow.js joins the outputs to it, which shows the outputs
 * themselves.
 */
export class Saved extends Array<Tensor> {
  outputs: readonly Tensor[] = [];

  override concat(...outputs: (Tensor | ConcatArray<Tensor>)[]): Tensor[] {
    this.outputs = outputs.flat() as Tensor[];
    return [...this, ...this.outputs];
  }
}

/**
 * The saved copy of an output, as that output on the tape. tensorflow.js copies an output before it
 * records the call that made it, so that the copy hangs in the air and its share of a second
 * gradient is lost, silently.
 */
export function onTape(copy: Tensor, output: Tensor): Tensor {
  if (!isRecording()) return copy;
  return customGrad(() => ({
    value: reshape(copy, copy.shape),
    gradFunc: (dy: Tensor) => reshape(dy, dy.shape),
  }))(output);
}

/** Shows the node of the call that is being recorded. To be called from a `gradFunc` getter. */
export function onNextNode(show: (node: TapeNode) => void): void {
  const tape = engine().state.activeTape as TapeNode[] | null;
  // Nothing is being recorded: someone looked at the rule.
  if (tape === null || !isRecording()) return;
  tape.push = (...nodes) => {
    Reflect.deleteProperty(tape, "push");
    nodes.forEach(show);
    return tape.push(...nodes);
  };
}

/** The tape cannot hold an input that was not given (it reads `id` of each): takes it out. */
export function dropAbsentInputs({ inputs }: TapeNode): void {
  for (const name of Object.keys(inputs)) if (inputs[name] == null) delete inputs[name];
}
