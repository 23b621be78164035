/** @file tensorflow.js's tape: recording a run, and playing it back. */
import { GradientError, MissingRuleError } from "../errors.ts";
import { noteOrigin, runningAt } from "../recording/running.ts";
import { add, isRecording, scoped, type TapeNode, tapeEngine, type Tensor } from "../tensor.ts";

/** Frees what a tape saved for the backward pass. */
function dropSaved(tape: readonly TapeNode[]): void {
  for (const { saved } of tape) for (const tensor of saved ?? []) tensor.dispose();
}

/**
 * Runs `f` in a scope with the tape on; what it throws leaves no tape behind. The tape stays with
 * the engine.
 */
function record<R>(f: () => R): R {
  const engine = tapeEngine();
  const { state } = engine;
  engine.startTape();
  let failed = true;
  try {
    // Whatever containers the result consists of, their tensors outlive the scope.
    const result = scoped(f);
    failed = false;
    return result;
  } finally {
    engine.endTape();
    if (failed && state.gradientDepth === 0) {
      dropSaved(state.activeTape ?? []);
      state.activeTape = null;
    }
  }
}

/**
 * Runs `f` in a scope with the tape on, then `use` with what was recorded. The tape is dropped
 * afterwards, also when one of them throws, unless an outer run is still recording: then it is part
 * of that run's tape.
 */
export function withTape<R, U>(f: () => R, use: (result: R, tape: readonly TapeNode[]) => U): U {
  const { state } = tapeEngine();
  const result = record(f);
  const tape = state.activeTape ?? [];
  if (state.gradientDepth > 0) return use(result, [...tape]);
  // Taken from the engine: rules may record tapes of their own meanwhile.
  state.activeTape = null;
  try {
    return use(result, tape);
  } finally {
    dropSaved(tape);
  }
}

/**
 * How many of the runs that are recording nobody will play back: they are recorded to see what they
 * use.
 */
let onlyLookedAt = 0;

/**
 * How many gradients are being taken of what runs now, one inside the other: from two on, backward
 * passes are recorded too.
 */
export const gradientDepth = (): number => tapeEngine().state.gradientDepth - onlyLookedAt;

/** Runs `f` as if nothing were being recorded; gradients that it takes itself work. */
export function withoutTape<R>(f: () => R): R {
  const { state } = tapeEngine();
  const { activeTape, gradientDepth: depth, kernelDepth } = state;
  const looking = onlyLookedAt;
  Object.assign(state, { activeTape: null, gradientDepth: 0, kernelDepth: 0 });
  onlyLookedAt = 0;
  try {
    return f();
  } finally {
    Object.assign(state, { activeTape, gradientDepth: depth, kernelDepth });
    onlyLookedAt = looking;
  }
}

/**
 * Runs `f`, of which one gradient less is taken than of what runs around it: a rule takes the place
 * of its own.
 */
function oneGradientLess<R>(f: () => R): R {
  onlyLookedAt++;
  try {
    return f();
  } finally {
    onlyLookedAt--;
  }
}

/** What was recorded, to be played back later. */
export interface Recording<R> {
  readonly result: R;
  readonly tape: readonly TapeNode[];
  /** Frees what the tape saved, where it is nobody else's. */
  readonly drop: () => void;
}

/** Runs `f` with a tape of its own, whatever is recording. */
function recordApart<R>(f: () => R): Recording<R> {
  return withoutTape(() => {
    const result = record(f);
    const { state } = tapeEngine();
    const tape = state.activeTape ?? [];
    state.activeTape = null;
    return { result, tape, drop: () => dropSaved(tape) };
  });
}

/**
 * Runs `f` on the tape of the run that is recording, so that it is differentiated in turn; without
 * one, on a tape of its own.
 */
export function recordForLater<R>(f: () => R): Recording<R> {
  if (!isRecording()) return recordApart(f);
  const result = scoped(f);
  return { result, tape: [...(tapeEngine().state.activeTape ?? [])], drop: () => {} };
}

/**
 * Runs `f` apart from what is recording, to see what it uses. The tape is good for looking only.
 */
export function recordToLook<R>(f: () => R): Omit<Recording<R>, "drop"> {
  const { result, tape, drop } = recordApart(() => oneGradientLess(f));
  drop();
  return { result, tape };
}

/**
 * Runs `f`, in the place of whose gradient a rule stands. Where more gradients are taken of what
 * runs now, those others are of `f` as it is: then it is on the tape; otherwise it runs apart.
 * @returns with the tape of `f` alone, for looking.
 */
export function recordUnderRule<R>(f: () => R): Omit<Recording<R>, "drop"> {
  if (gradientDepth() <= 1) return recordToLook(f);
  const start = tapeEngine().state.activeTape?.length ?? 0;
  const result = scoped(() => oneGradientLess(f));
  return { result, tape: tapeEngine().state.activeTape?.slice(start) ?? [] };
}

/**
 * Puts one node on the open tape, if there is one: `outputs` depend on `inputs` in the way that
 * `pullBack` says.
 */
export function recordNode(
  name: string,
  inputs: readonly Tensor[],
  outputs: readonly Tensor[],
  pullBack: (dys: readonly Tensor[]) => readonly Tensor[],
  saved: readonly Tensor[] = [],
): void {
  if (!isRecording()) return;
  const named = Object.fromEntries(inputs.map((input, i) => [String(i), input]));
  const gradient = (dys: Tensor | readonly Tensor[]) => {
    const found = pullBack(Array.isArray(dys) ? (dys as readonly Tensor[]) : [dys as Tensor]);
    return Object.fromEntries(inputs.map((_, i) => [String(i), () => found[i] as Tensor]));
  };
  tapeEngine().addTapeNode(name, named, outputs, gradient, saved, {});
}

/** The ids of all tensors that depend on one of `xs`. */
export function dependents(tape: readonly TapeNode[], xs: readonly Tensor[]): Set<number> {
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

/** Sees each gradient that a rule gave: of which op, for which input. */
export type OnGradient = (node: TapeNode, input: Tensor, gradient: Tensor) => void;

/**
 * The gradients of the sum of `y * dy` over all seeds, with respect to each of `xs`; `undefined`
 * where no seed depends on it.
 * @throws {@link GradientError} when an op on the way has no gradient rule.
 */
export function backward(
  tape: readonly TapeNode[],
  seeds: readonly (readonly [y: Tensor, dy: Tensor])[],
  xs: readonly Tensor[],
  onGradient?: OnGradient,
): (Tensor | undefined)[] {
  const onPath = dependents(tape, xs);
  const gradients = new Map<number, Tensor>();
  const send = (to: Tensor, gradient: Tensor): void => {
    const before = gradients.get(to.id);
    gradients.set(to.id, before ? add(before, gradient) : gradient);
  };
  for (const [y, dy] of seeds) if (onPath.has(y.id)) send(y, dy);
  const wanted = new Set(xs.map((x) => x.id));
  for (let i = tape.length - 1; i >= 0; i--) {
    const node = tape[i] as TapeNode;
    const dys = node.outputs.map((output) => gradients.get(output.id));
    if (dys.every((dy) => dy === undefined)) continue;
    for (const output of node.outputs) if (!wanted.has(output.id)) gradients.delete(output.id);
    const inputs = Object.entries(node.inputs).filter(([, input]) => onPath.has(input.id));
    if (inputs.length === 0) continue;
    if (!node.gradient) throw withoutRule(node, node.kernelName);
    const thunks = node.gradient(dys);
    for (const [name, input] of inputs) {
      const gradient = applyRule(node, input, name, thunks[name]);
      onGradient?.(node, input, gradient);
      send(input, gradient);
    }
  }
  return xs.map((x) => gradients.get(x.id));
}

function withoutRule(node: TapeNode, op: string): MissingRuleError {
  const error = new MissingRuleError(op);
  noteOrigin(error, runningAt(node));
  return error;
}

function applyRule(node: TapeNode, input: Tensor, name: string, thunk: (() => Tensor) | undefined): Tensor {
  const { kernelName } = node;
  if (!thunk) throw withoutRule(node, `${kernelName} (its input ${name})`);
  // Each rule in a scope of its own: its temporaries are gone before the next one runs.
  const dx = scoped(thunk);
  if (dx.dtype === "float32" && String(dx.shape) === String(input.shape)) return dx;
  throw new GradientError(
    `grad: expected the rule for ${kernelName} to give a float32[${input.shape.join(",")}] for its input ${name}, got a ` +
      `${dx.dtype}[${dx.shape.join(",")}]. Mend the rule, or uninstall it.`,
  );
}
