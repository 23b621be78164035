/** @file tensorflow.js's tape: recording a run, and playing it back. */
import { GradientError } from "../errors.ts";
import { add, ones, type TapeNode, tapeEngine, type Tensor, tidy } from "../tensor.ts";

/** Nothing records any more: what the tape saved can go. */
function dropTape(): void {
  const { state } = tapeEngine();
  if (state.gradientDepth > 0) return;
  for (const node of state.activeTape ?? []) for (const tensor of node.saved ?? []) tensor.dispose();
  state.activeTape = null;
}

/**
 * Runs `f` in a scope with the tape on, then `use` with what was recorded. The tape is dropped afterwards, also when one of them throws,
 * unless an outer run is still recording.
 */
export function withTape<R, U>(f: () => R, use: (result: R, tape: readonly TapeNode[]) => U): U {
  const engine = tapeEngine();
  try {
    engine.startTape();
    let result: R;
    try {
      // Whatever containers the result consists of, their tensors outlive the scope.
      result = tidy(f as () => void) as R;
    } finally {
      engine.endTape();
    }
    return use(result, [...(engine.state.activeTape ?? [])]);
  } finally {
    dropTape();
  }
}

/** Marks every tensor that depends on one of `xs`. */
function dependents(tape: readonly TapeNode[], xs: readonly Tensor[]): Set<number> {
  const marked = new Set(xs.map((x) => x.id));
  for (const { inputs, outputs } of tape) {
    for (const name in inputs) {
      if (!marked.has((inputs[name] as Tensor).id)) continue;
      for (const output of outputs) marked.add(output.id);
      break;
    }
  }
  return marked;
}

/**
 * The gradients of `y` with respect to each of `xs`; `undefined` where `y` does not depend on it.
 * @param dy - The gradient that comes back to `y`. @defaultValue ones
 * @throws {@link GradientError} when an op on the way has no gradient rule.
 */
export function backward(
  tape: readonly TapeNode[],
  y: Tensor,
  xs: readonly Tensor[],
  dy: Tensor = ones(y.shape),
): (Tensor | undefined)[] {
  const onPath = dependents(tape, xs);
  const gradients = new Map<number, Tensor>();
  if (onPath.has(y.id)) gradients.set(y.id, dy);
  const wanted = new Set(xs.map((x) => x.id));
  for (let i = tape.length - 1; i >= 0; i--) {
    const node = tape[i] as TapeNode;
    const dys = node.outputs.map((output) => gradients.get(output.id));
    if (dys.every((d) => d === undefined)) continue;
    for (const output of node.outputs) if (!wanted.has(output.id)) gradients.delete(output.id);
    const inputs = Object.entries(node.inputs).filter(([, input]) => onPath.has(input.id));
    if (inputs.length === 0) continue;
    if (!node.gradient) throw noRule(node.kernelName);
    const thunks = node.gradient(dys);
    for (const [name, input] of inputs) accumulate(gradients, node.kernelName, input, name, thunks[name]);
  }
  return xs.map((x) => gradients.get(x.id));
}

function accumulate(
  gradients: Map<number, Tensor>,
  kernelName: string,
  input: Tensor,
  name: string,
  thunk: (() => Tensor) | undefined,
): void {
  if (!thunk) throw noRule(`${kernelName} (its input ${name})`);
  // Each rule in a scope of its own: its temporaries are gone before the next one runs.
  const dx = tidy(thunk);
  if (dx.dtype !== "float32" || String(dx.shape) !== String(input.shape)) {
    throw new GradientError(
      `grad: expected the rule for ${kernelName} to give a float32[${input.shape.join(",")}] for its input ${name}, got a ` +
        `${dx.dtype}[${dx.shape.join(",")}]. Mend the rule, or uninstall it.`,
    );
  }
  const before = gradients.get(input.id);
  gradients.set(input.id, before ? add(before, dx) : dx);
}

const noRule = (op: string): GradientError =>
  new GradientError(
    `grad: expected a gradient rule for every op between the loss and what it is differentiated by, got none for ${op}. ` +
      "Register one with registerRules, or keep the op out of the loss (stopGradient).",
  );
