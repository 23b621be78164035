/** @file Adds up what each kernel of a run costs, for the module that called it. */
import { nodeOfRule } from "../autodiff/tape.ts";
import { nameOf } from "../data/name-of.ts";
import { type Modules, runningIn } from "../recording/running.ts";
import { bytesNow, isReachable, onKernel, type Tensor } from "../tensor.ts";
import { type Profile, type ProfileRow, toProfile } from "./profile-rows.ts";

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
export class Ledger {
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
