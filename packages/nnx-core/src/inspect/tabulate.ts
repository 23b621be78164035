/** @file A table of the calls of a model's methods, with shapes and amounts. */
import { isContainer, mapItems } from "../data/containers.ts";
import { nameOf } from "../data/name-of.ts";
import { checkOptions } from "../data/options.ts";
import { isPlainObject } from "../data/plain-object.ts";
import { describe, NnxError } from "../errors.ts";
import { classify } from "../graph/node.ts";
import type { Path } from "../path.ts";
import { Modules } from "../recording/running.ts";
import { runOnce } from "../recording/run.ts";
import type { Called, Session } from "../recording/session.ts";
import { framesOf } from "../graph/iterate.ts";
import { isTensor } from "../tensor.ts";
import { evalShape } from "../transforms/eval-shape.ts";
import { ShapeDtypeStruct } from "../transforms/shape-dtype.ts";
import { type Amount, plus } from "../variable/amount.ts";
import { type Holding, holdingsOf } from "./holdings.ts";
import { shapeText, tabulationText } from "./tabulation-text.ts";
import type { Tabulation, TabulationRow } from "./tabulation.ts";

/** What {@link tabulate} calls and shows. */
export interface TabulateOptions {
  /**
   * The longest path of a row. A method other than `forward` is one more part. @defaultValue all
   * rows
   */
  readonly depth?: number;
  /** The method of the model to call. @defaultValue "forward" */
  readonly method?: string;
  /** Whether to show a row. @defaultValue all */
  readonly rowFilter?: (row: TabulationRow) => boolean;
}

const where = "tabulate";

const optionNames = { depth: true, method: true, rowFilter: true } as const;

/** Options are the last argument, if it has these names and no others. */
function splitOptions(args: readonly unknown[]): [inputs: readonly unknown[], options: TabulateOptions] {
  const last = args.at(-1);
  const names = isPlainObject(last) ? Object.keys(last) : [];
  const isOptions = names.length > 0 && names.every((name) => Object.hasOwn(optionNames, name));
  return isOptions ? [args.slice(0, -1), last as TabulateOptions] : [args, {}];
}

/**
 * Calls a model, and lists the calls of its methods and of those of its modules: path, class,
 * shapes of inputs and outputs, and how many numbers and bytes the Variables of each type hold.
 * Only shapes are computed (see {@link evalShape}), so the inputs, and the model, may be abstract.
 * The model is as before afterwards, and code of the model runs once.
 *
 * Listed are the methods that {@link capture} records with `methodOutputs`. A call with inputs of
 * the same shapes as an earlier call of the same method of the same module is left out.
 * @param model - A module, or anything with a method and modules in its attributes.
 * @param inputs - The arguments of the method: tensors, `ShapeDtypeStruct`, and everything else. A
 * last plain object with names of {@link TabulateOptions} alone is the options.
 * @returns the rows. As text they are a table.
 * @throws {@link NnxError} for what has no such method or is no model; Error when the model reads
 * values of tensors; and whatever the model throws.
 * @see Flax `nnx.tabulate`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const model = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 * const table = nnx.tabulate(model, new nnx.ShapeDtypeStruct([1, 4], "float32"), { depth: 1 });
 * console.log(String(table));
 * table.rows[0]?.path; // => []
 * ```
 */
export function tabulate(model: object, ...inputs: readonly unknown[]): Tabulation {
  const [args, options] = splitOptions(inputs);
  checkOptions<TabulateOptions>(where, options, optionNames);
  const { depth = Number.POSITIVE_INFINITY, method = "forward", rowFilter = () => true } = options;
  checkValues(model, method, depth, rowFilter);
  const calls = new CallList(model);
  evalShape(
    (m: object, ...given: unknown[]) => {
      runOnce([m, ...given], () => void (Reflect.get(m, method) as Method).apply(m, given), {
        session: calls,
      });
    },
    model,
    ...args,
  );
  const holdings = holdingsOf(model);
  const rows = calls.rows(holdings).filter((row) => lengthOf(row) <= depth && rowFilter(row));
  const totals = sorted(holdings.get(model)?.amounts);
  const made = {
    className: nameOf(model.constructor),
    rows,
    totals,
    total: Object.values(totals).reduce<Amount>(plus, { count: 0, bytes: 0 }),
  };
  return { ...made, toString: () => tabulationText(made) };
}

type Method = (...args: unknown[]) => unknown;

const lengthOf = ({ path, method }: TabulationRow): number => path.length + (method === "forward" ? 0 : 1);

function checkValues(model: unknown, method: string, depth: number, rowFilter: unknown): void {
  const kind = classify(model);
  if (kind !== "node" && kind !== "container") {
    throw new NnxError(
      `${where}: expected a model, got ${describe(model)}. Pass the module first, then the inputs of its method.`,
    );
  }
  if (typeof Reflect.get(model as object, method) !== "function") {
    throw new NnxError(
      `${where}: expected the model to have the method ${describe(method)}, got ${describe(model)}. ` +
        "Name the method to call: { method: ... }.",
    );
  }
  if (!(depth >= 0)) {
    throw new NnxError(
      `${where}: expected depth to be a number from 0, got ${describe(depth)}. Leave it out for all rows.`,
    );
  }
  if (typeof rowFilter === "function") return;
  throw new NnxError(
    `${where}: expected rowFilter to be a function of a row, got ${describe(rowFilter)}. Leave it out for all rows.`,
  );
}

const sorted = (amounts: ReadonlyMap<string, Amount> = new Map()): Readonly<Record<string, Amount>> =>
  Object.fromEntries([...amounts].sort(([a], [b]) => (a < b ? -1 : 1)));

/** The value with its shape in the place of each tensor. Modules stay themselves. */
const shapesOf = (value: unknown): unknown => {
  if (isTensor(value)) return new ShapeDtypeStruct(value.shape, value.dtype);
  return isContainer(value) ? mapItems(value, shapesOf) : value;
};

/** One call, with the result once it is there. */
interface Call extends Called {
  readonly inputs: readonly unknown[];
  outputs?: unknown;
}

/** Lists calls, in the order in which they began. */
class CallList implements Session {
  readonly where: string = where;
  readonly modules: Modules;
  private readonly calls: Call[] = [];

  constructor(model: object) {
    this.modules = new Modules(framesOf(model), model);
  }

  record(): boolean {
    return false;
  }

  began(called: Called): ((result: unknown) => void) | undefined {
    if (!called.isRecorded) return undefined;
    const call: Call = { ...called, inputs: called.args.map(shapesOf) };
    this.calls.push(call);
    return (result) => {
      call.outputs = shapesOf(result);
    };
  }

  rows(holdings: ReadonlyMap<object, Holding>): TabulationRow[] {
    const seen = new Map<object, Set<string>>();
    const rows: TabulationRow[] = [];
    for (const { module, name, inputs, outputs } of this.calls) {
      const known = seen.get(module) ?? new Set<string>();
      seen.set(module, known);
      const key = `${name} ${inputs.map(shapeText).join(", ")}`;
      if (known.has(key)) continue;
      known.add(key);
      const path: Path = this.modules.pathOf(module);
      const { variables = new Map(), amounts = new Map() } = holdings.get(module) ?? {};
      rows.push({
        path,
        method: name,
        className: nameOf(module.constructor),
        inputs,
        outputs,
        variables: Object.fromEntries(variables),
        amounts: sorted(amounts),
      });
    }
    return rows;
  }
}
