/** @file Looks for NaN and infinities in the results of ops. */
import { type OnGradient, withoutTape } from "../autodiff/tape.ts";
import { formatPath, type Path } from "../path.ts";
import { type Modules, runningAt, runningIn } from "../recording/running.ts";
import { countFaults, onRecord, type TapeNode, type Tensor, valuesOf } from "../tensor.ts";

/** The first op with a NaN or an infinity in its result. */
export interface NonFinite {
  /** Whether the loss or its backward pass called the op. */
  readonly phase: "forward" | "backward";
  /** tensorflow.js's name of the op. In the backward pass, the op whose gradient was computed. */
  readonly op: string;
  /** The path of the module whose method called the op. */
  readonly path: Path;
  /** How many NaN the result has. */
  readonly nan: number;
  /** How many infinities the result has. */
  readonly inf: number;
  /** The op's inputs: for each its name, dtype and shape, and how many NaN and Inf it has. */
  readonly inputs: readonly string[];
  toString(): string;
}

interface Counts {
  readonly nan: number;
  readonly inf: number;
}

const NONE: Counts = { nan: 0, inf: 0 };

const hasFaults = ({ nan, inf }: Counts): boolean => nan + inf > 0;

const mayHaveFaults = (tensor: Tensor): boolean => tensor.dtype === "float32" && !tensor.isDisposed;

function count(tensor: Tensor): Counts {
  if (!mayHaveFaults(tensor)) return NONE;
  let [nan, inf] = [0, 0];
  for (const value of valuesOf(tensor, "findNonFinite", "Use findNonFiniteAsync.")) {
    if (Number.isNaN(value)) nan++;
    else if (!Number.isFinite(value)) inf++;
  }
  return { nan, inf };
}

const faults = ({ nan, inf }: Counts): string =>
  [nan > 0 ? `${nan} NaN` : "", inf > 0 ? `${inf} Inf` : ""].filter(Boolean).join(" and ");

/** Looks at the results of ops. */
export abstract class Watcher {
  found: NonFinite | undefined;
  private readonly modules: Modules;

  constructor(modules: Modules) {
    this.modules = modules;
  }

  /** Runs `f`, and looks at the results of all ops that the tape records. */
  forward<R>(f: () => R): R {
    const stop = onRecord((op) => {
      this.look("forward", op, op.outputs);
    });
    try {
      return f();
    } finally {
      stop();
    }
  }

  /** Looks at the gradient that the rule of an op gave. */
  readonly backward: OnGradient = (op, _input, gradient) => {
    this.look("backward", op, [gradient]);
  };

  protected abstract look(phase: NonFinite["phase"], op: TapeNode, results: readonly Tensor[]): void;

  /** The path of the module that called an op. */
  protected pathOf(phase: NonFinite["phase"], op: TapeNode): Path {
    const { modules } = this;
    const module = phase === "forward" ? runningIn(modules) : runningIn(modules, runningAt(op));
    return module ? modules.pathOf(module) : [];
  }
}

/** Counts at once, until a result is not finite. */
export class Watch extends Watcher {
  protected look(phase: NonFinite["phase"], op: TapeNode, results: readonly Tensor[]): void {
    if (this.found) return;
    const counts = results.map(count).find(hasFaults);
    if (counts)
      this.found = report(phase, op.kernelName, this.pathOf(phase, op), counts, inputsOf(op, count));
  }
}

/** What an op got, with what is known of the faults in it. */
interface Input<C> {
  readonly name: string;
  readonly form: string;
  readonly counts: C;
}

const inputsOf = <C>({ inputs }: TapeNode, countIn: (tensor: Tensor) => C): Input<C>[] =>
  Object.entries(inputs).map(([name, tensor]) => ({
    name,
    form: `${tensor.dtype}[${tensor.shape.join(",")}]`,
    counts: countIn(tensor),
  }));

/** Two scalars that the backend computes: how many elements are NaN, and how many not finite. */
type Counting = ReturnType<typeof countFaults> | undefined;

/** Has the backend count, and reads the counts when the run is over. */
export class LateWatch extends Watcher {
  private readonly looks: {
    readonly phase: NonFinite["phase"];
    readonly op: string;
    readonly path: Path;
    readonly results: readonly Counting[];
    readonly inputs: readonly Input<Counting>[];
  }[] = [];
  /** By the ids of tensors: results of ops are inputs of others. */
  private readonly countings = new Map<number, Counting>();

  protected look(phase: NonFinite["phase"], op: TapeNode, results: readonly Tensor[]): void {
    this.looks.push({
      phase,
      op: op.kernelName,
      path: this.pathOf(phase, op),
      results: results.map(this.countIn),
      inputs: inputsOf(op, this.countIn),
    });
  }

  private readonly countIn = (tensor: Tensor): Counting => {
    const { countings } = this;
    if (!countings.has(tensor.id))
      countings.set(tensor.id, mayHaveFaults(tensor) ? withoutTape(() => countFaults(tensor)) : undefined);
    return countings.get(tensor.id);
  };

  /** Reads the counts, and frees them. */
  async find(): Promise<NonFinite | undefined> {
    const known = new Map<Counting, Counts>([[undefined, NONE]]);
    try {
      await Promise.all(
        [...this.countings.values()].map(async (counting) => {
          if (!counting) return;
          const [[nan], [notFinite]] = await Promise.all([counting.nan.data(), counting.notFinite.data()]);
          known.set(counting, { nan: nan!, inf: notFinite! - nan! });
        }),
      );
    } finally {
      for (const counting of this.countings.values()) {
        counting?.nan.dispose();
        counting?.notFinite.dispose();
      }
    }
    const countsOf = (counting: Counting): Counts => known.get(counting) ?? NONE;
    for (const { phase, op, path, results, inputs } of this.looks) {
      const counts = results.map(countsOf).find(hasFaults);
      if (!counts) continue;
      const read = inputs.map((input) => ({ ...input, counts: countsOf(input.counts) }));
      return report(phase, op, path, counts, read);
    }
    return undefined;
  }
}

function report(
  phase: NonFinite["phase"],
  kernelName: string,
  path: Path,
  { nan, inf }: Counts,
  given: readonly Input<Counts>[],
): NonFinite {
  const inputs = given.map(({ name, form, counts }) => {
    const already = faults(counts);
    return `${name}: ${form}${already ? ` with ${already}` : ""}`;
  });
  const op = phase === "forward" ? kernelName : `the gradient of ${kernelName}`;
  return {
    phase,
    op: kernelName,
    path,
    nan,
    inf,
    inputs,
    toString: () =>
      `${faults({ nan, inf })} first in ${op} at ${formatPath(path)}, from ${inputs.join(", ")}`,
  };
}
