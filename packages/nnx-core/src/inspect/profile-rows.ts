/** @file The rows of a profile: what they say, how they are joined, and their text. */
import { describe, NnxError } from "../errors.ts";
import { formatPath, type Path, pathKey } from "../path.ts";
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

type Whole = Pick<Profile, "ms" | "isLate" | "startBytes" | "peakBytes">;

/** The rows as users see them; what took most time is first. */
export function toProfile(rows: readonly ProfileRow[], whole: Whole): Profile {
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
