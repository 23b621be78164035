/** @file Where the time and the memory of a run go: by module, kernel and pass. */
import { nodeOfRule } from "../autodiff/tape.ts";
import { nameOf } from "../data/name-of.ts";
import { notAResult } from "../data/not-a-result.ts";
import { describe, NnxError } from "../errors.ts";
import { refuseLate } from "../ownership/late.ts";
import { formatPath, type Path, pathKey } from "../path.ts";
import { runOnce } from "../recording/run.ts";
import { Modules, runningIn } from "../recording/running.ts";
import { refuseDisposed } from "../state/disposed.ts";
import { bytesNow, isReachable, onKernel, type Tensor } from "../tensor.ts";
import { framesOfArgument } from "../undo/structure.ts";
import type { Forward } from "../capture/capture.ts";
import { textTable } from "./text-table.ts";

/** What one kernel of tensorflow.js cost in one module and one pass. */
export interface ProfileRow {
  /**
   * The path of the module whose method called the op; `[]` for the model itself. `undefined` where no
   * method of a module of the arguments was running, as in a loss function.
   */
  readonly path: Path | undefined;
  /** The name of that module's class; `""` where `path` is `undefined`. */
  readonly className: string;
  /** tensorflow.js's name of the kernel, such as `_FusedMatMul`. */
  readonly kernel: string;
  /**
   * `"backward"` for what a gradient rule called. It counts for the module that called the op in the
   * forward pass.
   */
  readonly pass: "forward" | "backward";
  readonly calls: number;
  /** Milliseconds in these calls, without the kernels that they called in turn. */
  readonly ms: number;
  /** Bytes of the results, added up over the calls. */
  readonly bytes: number;
  /** The most bytes that all tensors had at the end of one of these calls. */
  readonly peakBytes: number;
}

/** What {@link Profile.by} can group by. */
export type ProfileKey = "path" | "kernel" | "pass";

/** Where the time and the memory of a run went. As text it is a table. */
export interface Profile {
  /** A row for each module, kernel and pass. What took most time is first. */
  readonly rows: readonly ProfileRow[];
  /** Milliseconds of the whole run. */
  readonly ms: number;
  /** Milliseconds in kernels: the sum of the rows. The rest was spent between them. */
  readonly kernelMs: number;
  /**
   * Whether the backend computes later than the calls return, as GPUs do. Then all times are those of
   * asking for the work.
   */
  readonly isLate: boolean;
  /** Bytes of all tensors before the run, and the most that there were in it. */
  readonly startBytes: number;
  readonly peakBytes: number;
  /**
   * The same rows, joined where they agree in these keys. `kernel` is `""`, and `path` and `className`
   * are as where no module runs, when they are not among the keys; `pass` is then `"forward"`.
   */
  by(...keys: readonly ProfileKey[]): Profile;
  toString(): string;
}

const where = "profile";

type Target = Forward<unknown[]> | ((...args: unknown[]) => unknown);

const isTarget = (x: unknown): x is Target =>
  typeof x === "function" ||
  (typeof x === "object" && x !== null && "forward" in x && typeof x.forward === "function");

/**
 * Wraps a function, or a model that is called by its method `forward`. Calling the wrapper runs it
 * once, and returns its result beside a {@link Profile} of the run. Gradients, updates of an Optimizer
 * and captures in it are part of the run. Only time in kernels is told apart; random draws and the
 * library's own work count as time between them.
 *
 * The first runs of a program are slower than later ones, because the engine compiles. So call a step
 * a few times before you profile it.
 * @param target - A model, or a function.
 * @throws whatever the run throws. The model and all arguments are as before then. {@link NnxError}
 * for anything but a function or a model, and when the run returns a Promise.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const model = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 * const loss = (m: nnx.Linear, x: tf.Tensor) => tf.mean(tf.square(m.forward(x)));
 * const [[value, gradients], profile] = nnx.profile(nnx.valueAndGrad(loss))(model, tf.ones([2, 4]));
 * console.log(String(profile)); // module, kernel, pass, calls, ms, bytes; what took most time is first
 * profile.by("pass").rows.length; // => 2
 * nnx.dispose([value, gradients]);
 * ```
 */
export function profile<A extends readonly unknown[], R>(
  target: Forward<A, R> | ((...args: A) => R),
): (...args: A) => [result: R, profile: Profile] {
  if (!isTarget(target)) {
    throw new NnxError(
      `${where}: expected a function or a model with a method forward, got ${describe(target)}. ` +
        "Profile a function that calls the method you mean.",
    );
  }
  return notAResult(where, (...args: A) => {
    refuseDisposed(where, args);
    const all = typeof target === "function" ? args : [target, ...args];
    const modules = new Modules(all.flatMap(framesOfArgument));
    const ledger = new Ledger(modules);
    const run = (): R => {
      const stop = ledger.open();
      try {
        const result = (typeof target === "function" ? target(...args) : target.forward(...args)) as R;
        refuseLate(where, () => "the function", result);
        return result;
      } finally {
        stop();
      }
    };
    const result = runOnce(all, run, { modules });
    return [result, ledger.close()];
  });
}

/** A module of the run, or no module: where a kernel was called. */
type Caller = object | undefined;

type Counts = { -readonly [K in "calls" | "ms" | "bytes" | "peakBytes"]: number };

const bytesPerElement: Readonly<Record<string, number>> = { float32: 4, int32: 4, bool: 1, complex64: 8 };

const bytesOf = (result: Tensor | readonly Tensor[]): number =>
  (Array.isArray(result) ? (result as readonly Tensor[]) : [result as Tensor]).reduce(
    (sum, { size, dtype }) => sum + size * (bytesPerElement[dtype] ?? 0),
    0,
  );

/** Adds up what each kernel costs while a run lasts. */
class Ledger {
  readonly #modules: Modules;
  readonly #counts = new Map<Caller, Map<string, Counts>>();
  /** The module that called the op which made a tensor. Rules of the op count for that module. */
  readonly #makers = new WeakMap<Tensor, { readonly caller: Caller }>();
  readonly #startBytes = bytesNow();
  readonly #isLate = !isReachable();
  #peakBytes = this.#startBytes;
  #ms = 0;
  /** Milliseconds in kernels that the innermost open kernel called. */
  #inner = 0;

  constructor(modules: Modules) {
    this.#modules = modules;
  }

  /** Begins to count. Returns how to stop. */
  open(): () => void {
    const stop = onKernel((kernelName, run) => this.#count(kernelName, run as () => Tensor | Tensor[]));
    const start = performance.now();
    return () => {
      this.#ms = performance.now() - start;
      stop();
    };
  }

  #count(kernelName: string, run: () => Tensor | Tensor[]): Tensor | Tensor[] {
    const node = nodeOfRule();
    // Outputs of other runs, and those of rules that users wrote, are not known here.
    const maker = node?.outputs.map((output) => this.#makers.get(output)).find(Boolean);
    const caller = node ? maker?.caller : runningIn(this.#modules);
    const outer = this.#inner;
    this.#inner = 0;
    const start = performance.now();
    let ms = 0;
    let result: Tensor | Tensor[];
    try {
      result = run();
    } finally {
      ms = performance.now() - start;
    }
    const own = ms - this.#inner;
    this.#inner = outer + ms;
    const bytes = bytesNow();
    this.#peakBytes = Math.max(this.#peakBytes, bytes);
    const counts = this.#countsOf(caller, `${node ? "backward" : "forward"} ${kernelName}`);
    counts.calls++;
    counts.ms += own;
    counts.bytes += bytesOf(result);
    counts.peakBytes = Math.max(counts.peakBytes, bytes);
    for (const each of Array.isArray(result) ? result : [result])
      if (!this.#makers.has(each)) this.#makers.set(each, { caller });
    return result;
  }

  #countsOf(caller: Caller, key: string): Counts {
    const ofCaller = this.#counts.get(caller) ?? new Map<string, Counts>();
    this.#counts.set(caller, ofCaller);
    const counts = ofCaller.get(key) ?? { calls: 0, ms: 0, bytes: 0, peakBytes: 0 };
    ofCaller.set(key, counts);
    return counts;
  }

  close(): Profile {
    const rows: ProfileRow[] = [];
    for (const [caller, ofCaller] of this.#counts) {
      const path = caller && this.#modules.pathOf(caller);
      const className = caller ? nameOf(caller.constructor) : "";
      for (const [key, counts] of ofCaller) {
        const [pass, kernel] = key.split(" ") as [ProfileRow["pass"], string];
        rows.push({ path, className, kernel, pass, ...counts });
      }
    }
    return toProfile(rows, {
      ms: this.#ms,
      isLate: this.#isLate,
      startBytes: this.#startBytes,
      peakBytes: this.#peakBytes,
    });
  }
}

type Whole = Pick<Profile, "ms" | "isLate" | "startBytes" | "peakBytes">;

function toProfile(rows: readonly ProfileRow[], whole: Whole): Profile {
  const sorted = [...rows].sort((a, b) => b.ms - a.ms);
  const kernelMs = rows.reduce((sum, { ms }) => sum + ms, 0);
  const made = { ...whole, rows: sorted, kernelMs };
  return {
    ...made,
    by: (...keys) => toProfile(joined(rows, checkKeys(keys)), whole),
    toString: () => toText(made),
  };
}

const allKeys: readonly unknown[] = ["path", "kernel", "pass"] satisfies ProfileKey[];

function checkKeys(keys: readonly ProfileKey[]): readonly ProfileKey[] {
  const other = keys.find((key) => !allKeys.includes(key));
  if (other === undefined && keys.length > 0) return keys;
  throw new NnxError(
    `Profile.by: expected one or more of path, kernel and pass, got ${keys.length === 0 ? "none" : describe(other)}. ` +
      'Write by("path") for a row for each module.',
  );
}

/** Rows that agree in some keys as one row. */
function joined(rows: readonly ProfileRow[], keys: readonly ProfileKey[]): ProfileRow[] {
  const byName = new Map<string, ProfileRow>();
  for (const row of rows) {
    const path = keys.includes("path") ? row.path : undefined;
    const className = keys.includes("path") ? row.className : "";
    const kernel = keys.includes("kernel") ? row.kernel : "";
    const pass = keys.includes("pass") ? row.pass : "forward";
    const name = JSON.stringify([path === undefined ? null : pathKey(path), className, kernel, pass]);
    const before = byName.get(name);
    byName.set(name, {
      path,
      className,
      kernel,
      pass,
      calls: row.calls + (before?.calls ?? 0),
      ms: row.ms + (before?.ms ?? 0),
      bytes: row.bytes + (before?.bytes ?? 0),
      peakBytes: Math.max(row.peakBytes, before?.peakBytes ?? 0),
    });
  }
  return [...byName.values()];
}

const megabytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(2);
const share = (part: number, whole: number): string =>
  whole > 0 ? `${((100 * part) / whole).toFixed(1)} %` : "";

/** The most rows that the text has. */
const MOST_ROWS = 40;

function toText({ rows, ms, kernelMs, isLate, startBytes, peakBytes }: Omit<Profile, "by">): string {
  const head = ["module", "kernel", "pass", "calls", isLate ? "ms to ask" : "ms", "share", "MB", "peak MB"];
  const shown = rows.slice(0, MOST_ROWS);
  const others = rows.slice(MOST_ROWS);
  const lines = shown.map((row) => [
    row.path === undefined ? "–" : row.path.length === 0 ? row.className : formatPath(row.path),
    row.kernel,
    row.pass,
    String(row.calls),
    row.ms.toFixed(3),
    share(row.ms, ms),
    megabytes(row.bytes),
    megabytes(row.peakBytes),
  ]);
  const rest = others.reduce((sum, row) => sum + row.ms, 0);
  return [
    textTable(head, lines),
    ...(others.length > 0 ? [`… and ${others.length} more rows with ${rest.toFixed(3)} ms.`] : []),
    `${ms.toFixed(3)} ms: ${kernelMs.toFixed(3)} in kernels, ${(ms - kernelMs).toFixed(3)} between them. ` +
      `Tensors had ${megabytes(startBytes)} MB before, and at most ${megabytes(peakBytes)} MB.`,
    ...(isLate ? ["This backend computes later: these are the times of asking for the work."] : []),
  ].join("\n");
}
