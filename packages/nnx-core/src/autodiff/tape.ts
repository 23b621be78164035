/**
 * @file tensorflow.js's tape: the list of ops that a run called. `withTape` and its like record a
 * run, `backward` plays the tape back.
 */
import { GradientError, MissingRuleError } from "../errors.ts";
import { noteOrigin, runningAt } from "../recording/running.ts";
import { add, isRecording, sameShape, scoped, type TapeNode, tapeEngine, type Tensor } from "../tensor.ts";

/** Frees the tensors that the ops of a tape saved for the backward pass. */
function dropSaved(tape: readonly TapeNode[]): void {
  for (const { saved } of tape) for (const tensor of saved ?? []) tensor.dispose();
}

/**
 * Runs `f` in a scope with the tape on. The engine keeps the tape as its active one, unless `f`
 * throws.
 */
function record<R>(f: () => R): R {
  const engine = tapeEngine();
  const { state } = engine;
  engine.startTape();
  let failed = true;
  try {
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
 * Runs `f` in a scope with the tape on, then `use` with the tape. Afterwards the tape is dropped,
 * also when one of them throws. When a run around this one records, the ops are on that run's tape,
 * which stays.
 */
export function withTape<R, U>(f: () => R, use: (result: R, tape: readonly TapeNode[]) => U): U {
  const { state } = tapeEngine();
  const result = record(f);
  const tape = state.activeTape ?? [];
  if (state.gradientDepth > 0) return use(result, [...tape]);
  // Taken from the engine, since rules may record tapes of their own in the meantime.
  state.activeTape = null;
  try {
    return use(result, tape);
  } finally {
    dropSaved(tape);
  }
}

/**
 * How many of the open recordings are never played back. They only show what a run uses; a rule
 * gives its gradient.
 */
let onlyLookedAt = 0;

/**
 * How many gradients are taken of the code that runs now, one inside the other. With two or more
 * the backward pass is recorded as well.
 */
export const gradientDepth = (): number => tapeEngine().state.gradientDepth - onlyLookedAt;

/** Runs `f` as if nothing were being recorded. Gradients that `f` takes itself work. */
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

/** Runs `f`, and counts one gradient less in {@link gradientDepth}: a rule gives that one. */
function oneGradientLess<R>(f: () => R): R {
  onlyLookedAt++;
  try {
    return f();
  } finally {
    onlyLookedAt--;
  }
}

/** A run and its tape. */
export interface Recording<R> {
  readonly result: R;
  readonly tape: readonly TapeNode[];
  /** Frees what the tape saved, unless the tape is part of another run's. */
  readonly drop: () => void;
}

/** Runs `f` with a tape of its own, even where another run records. */
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
 * Records `f`, to be played back later. Where another run records, the ops go on its tape, so that
 * `f` is differentiated with it. Otherwise `f` has a tape of its own.
 */
export function recordForLater<R>(f: () => R): Recording<R> {
  if (!isRecording()) return recordApart(f);
  const result = scoped(f);
  return { result, tape: [...(tapeEngine().state.activeTape ?? [])], drop: () => {} };
}

/**
 * Runs `f` with a tape of its own that shows what `f` uses. It cannot be played back, since what it
 * saved is freed.
 */
export function recordToLook<R>(f: () => R): Omit<Recording<R>, "drop"> {
  const { result, tape, drop } = recordApart(() => oneGradientLess(f));
  drop();
  return { result, tape };
}

/**
 * Runs `f`, whose gradient a rule gives. The rule gives the innermost gradient only. Where more are
 * taken, the others are those of `f` itself, so its ops go on the tape. Otherwise `f` runs apart.
 * @returns with the ops of `f` alone, which show what `f` uses.
 */
export function recordUnderRule<R>(f: () => R): Omit<Recording<R>, "drop"> {
  if (gradientDepth() <= 1) return recordToLook(f);
  const start = tapeEngine().state.activeTape?.length ?? 0;
  const result = scoped(() => oneGradientLess(f));
  return { result, tape: tapeEngine().state.activeTape?.slice(start) ?? [] };
}

/**
 * Puts one node on the active tape, if there is one.
 * @param pullBack - Makes the gradients of `inputs` from those of `outputs`, of which some may have
 * none.
 */
export function recordNode(
  name: string,
  inputs: readonly Tensor[],
  outputs: readonly Tensor[],
  pullBack: (dys: readonly (Tensor | undefined)[]) => readonly Tensor[],
  saved: readonly Tensor[] = [],
): void {
  if (!isRecording()) return;
  const engine = tapeEngine();
  const named = Object.fromEntries(inputs.map((input, i) => [String(i), input]));
  engine.addTapeNode(name, named, outputs, () => ({}), saved, {});
  const node = engine.state.activeTape?.at(-1);
  if (!node) return;
  // The engine's own would make zeros for outputs without a gradient.
  node.gradient = (dys) => {
    const found = pullBack(dys);
    return Object.fromEntries(inputs.map((_, i) => [String(i), () => found[i] as Tensor]));
  };
}

/** The ids of `xs`, and of all tensors on the tape that depend on one of them. */
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

let ruleOf: TapeNode | undefined;

/** The op whose rule is running, if there is one. */
export const nodeOfRule = (): TapeNode | undefined => ruleOf;

/** Runs part of the rule of an op, and notes meanwhile that it runs. */
function asRuleOf<R>(node: TapeNode, f: () => R): R {
  const outer = ruleOf;
  ruleOf = node;
  try {
    return f();
  } finally {
    ruleOf = outer;
  }
}

/** Called with each gradient that a rule gives: the op, its input, and the input's gradient. */
export type OnGradient = (node: TapeNode, input: Tensor, gradient: Tensor) => void;

/**
 * The gradients of the sum of `y * dy` over all seeds, with respect to each of `xs`. They are
 * `undefined` for an `x` that no `y` depends on.
 * @throws {@link GradientError} when an op between a `y` and an `x` has no gradient rule.
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
    const { outputs } = node;
    if (!outputs.some(({ id }) => gradients.has(id))) continue;
    const dys = outputs.map(({ id }) => gradients.get(id));
    for (const { id } of outputs) if (!wanted.has(id)) gradients.delete(id);
    let thunks: ReturnType<NonNullable<TapeNode["gradient"]>> | undefined;
    for (const name in node.inputs) {
      const input = node.inputs[name] as Tensor;
      if (!onPath.has(input.id)) continue;
      thunks ??= thunksOf(node, dys);
      const gradient = applyRule(node, input, name, thunks[name]);
      onGradient?.(node, input, gradient);
      send(input, gradient);
    }
  }
  return xs.map((x) => gradients.get(x.id));
}

/** The error for an op without a rule. It names the module that called the op. */
function withoutRule(node: TapeNode, op: string): MissingRuleError {
  const error = new MissingRuleError(op);
  noteOrigin(error, runningAt(node));
  return error;
}

/** What a rule gives for the gradients of an op's outputs: a thunk for each input. */
function thunksOf(
  node: TapeNode,
  dys: (Tensor | undefined)[],
): ReturnType<NonNullable<TapeNode["gradient"]>> {
  const { gradient: rule } = node;
  if (!rule) throw withoutRule(node, node.kernelName);
  return asRuleOf(node, () => rule(dys));
}

function applyRule(node: TapeNode, input: Tensor, name: string, thunk: (() => Tensor) | undefined): Tensor {
  const { kernelName } = node;
  if (!thunk) throw withoutRule(node, `${kernelName} (its input ${name})`);
  // Each rule runs in a scope of its own, which frees its temporaries before the next one runs.
  const dx = asRuleOf(node, () => scoped(thunk));
  if (dx.dtype === "float32" && sameShape(dx.shape, input.shape)) return dx;
  throw new GradientError(
    `grad: expected the rule for ${kernelName} to give a float32[${input.shape.join(",")}] for its input ${name}, got a ` +
      `${dx.dtype}[${dx.shape.join(",")}]. Mend the rule, or uninstall it.`,
  );
}
