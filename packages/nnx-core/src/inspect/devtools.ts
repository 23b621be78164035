/** @file Models and States in the consoles of browsers. */
import { entriesOf } from "../data/containers.ts";
import { isPrinting } from "../data/printing.ts";
import { classify, GraphNode } from "../graph/node.ts";
import { partFromKey } from "../path.ts";
import { isLeaf, leafValue } from "../state/state.ts";
import { Variable } from "../variable/variable.ts";

/** HTML as nested lists: `[tag, attributes, ...children]`. */
type JsonMl = readonly [tag: string, attributes: object, ...children: (string | JsonMl)[]];

/** What browsers call for each value that a console shows. `null` leaves the value to them. */
interface Formatter {
  header(x: unknown): JsonMl | null;
  hasBody(x: unknown): boolean;
  body(x: unknown): JsonMl | null;
}

interface Scope {
  devtoolsFormatters?: Formatter[];
}

const isOurs = (x: unknown): x is object =>
  x instanceof GraphNode || x instanceof Variable || (typeof x === "object" && x !== null && isPrinting(x));

/** The parts that a console shows below a value when it is opened. */
function partsOf(x: object): readonly (readonly [key: unknown, part: unknown])[] {
  if (x instanceof Variable) {
    return x.isDisposed
      ? []
      : [
          ["value", x.toState().value],
          ["metadata", x.metadata],
        ];
  }
  const isNode = x instanceof GraphNode;
  return entriesOf(x)
    .filter(([, part]) => !isNode || classify(part) !== "static")
    .map(([key, part]) => [key, isLeaf(part) && !isNode ? leafValue(part) : part] as const);
}

const row = ([key, part]: readonly [unknown, unknown]): JsonMl => [
  "li",
  { style: "list-style: none" },
  ["span", { style: "color: #7a4b9d" }, `${String(partFromKey(String(key)))}: `],
  typeof part === "object" && part !== null ? ["object", { object: part }] : String(part),
];

const firstLine = (x: unknown): string => String(x).split("\n", 1)[0] ?? "";

const formatter: Formatter = {
  header: (x) => (isOurs(x) ? ["span", {}, firstLine(x)] : null),
  hasBody: (x) => isOurs(x) && partsOf(x).length > 0,
  body: (x) => (isOurs(x) ? ["ol", { style: "margin: 0; padding-left: 1em" }, ...partsOf(x).map(row)] : null),
};

/**
 * Lets consoles of browsers show models, Variables, States, definitions and summaries by their
 * classes, shapes and parts. Chrome, Edge and Firefox ask for it when "custom formatters" are
 * switched on in the settings of their developer tools. Node needs nothing: its console shows them
 * so already.
 * @param scope - Where the list of formatters is. @defaultValue globalThis
 * @returns a function that takes the formatter away.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const remove = nnx.formatInDevtools();
 * console.log(new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) }));
 * remove();
 * ```
 */
export function formatInDevtools(scope: object = globalThis): () => void {
  const own = scope as Scope;
  // A new list, since browsers look at the property, and others may hold the old list.
  own.devtoolsFormatters = [
    ...(own.devtoolsFormatters ?? []).filter((each) => each !== formatter),
    formatter,
  ];
  return () => {
    own.devtoolsFormatters = (own.devtoolsFormatters ?? []).filter((each) => each !== formatter);
  };
}
