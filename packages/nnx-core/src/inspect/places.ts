/** @file Every tensor in what is summarized, in the order of the calls. */
import { toldOrder } from "../capture/told-order.ts";
import type { CapturedGradients } from "../capture/gradient-types.ts";
import { containerKind, entriesOf, isContainer } from "../data/containers.ts";
import { describe, DisposedError, disposedText, NnxError } from "../errors.ts";
import { iterNodes } from "../graph/iterate.ts";
import { classify, GraphNode } from "../graph/node.ts";
import { formatPath, partFromKey, type Path, pathKey } from "../path.ts";
import { kinds } from "../recording/session.ts";
import { checkState, isStateLike } from "../state/check-state.ts";
import { flattenState } from "../state/flatten-state.ts";
import { leafValue, type State } from "../state/state.ts";
import { isTensor, type Tensor } from "../tensor.ts";
import { Variable } from "../variable/variable.ts";
import type { FlagPlace } from "./flag.ts";

/** What {@link summarize} takes: a State, the whole result of `captureGradients`, or a model. */
export type Summarizable =
  | State
  | GraphNode
  | Variable
  | Omit<CapturedGradients<object, unknown>, "gradients" | "aux">;

/** A tensor, and where it is. */
export interface Place {
  readonly path: Path;
  readonly part: string;
  readonly tensor: Tensor;
  /** In which part of a run. Empty for States of unknown origin. */
  readonly section: FlagPlace;
  /** When the value was told, if a capture recorded it. */
  readonly told?: number | undefined;
  /** Whether it is the value or the gradient of a call; a plain capture has values alone. */
  readonly side?: "value" | "gradient" | undefined;
}

const parts = [...kinds, "gradients"] as const;

/** Whether this is a result of `captureGradients`: a State with all these names is unlikely. */
export const isWhole = (x: object): boolean =>
  "loss" in x && isTensor(x.loss) && parts.every((part) => part in x) && "aux" in x;

/** Every tensor in a captured value, with the keys that lead to it. A list of one adds no key. */
function* tensorsOf(
  value: unknown,
  steps: readonly string[],
): Generator<readonly [steps: readonly string[], tensor: Tensor]> {
  if (isTensor(value)) yield [steps, value];
  else if (Array.isArray(value) && value.length === 1) yield* tensorsOf(value[0], steps);
  else if (isContainer(value))
    for (const [key, item] of entriesOf(value)) yield* tensorsOf(item, [...steps, String(key)]);
}

/** Every tensor of numbers in what is summarized. */
export function placesOfAll(where: string, summarized: Summarizable): Place[] {
  const whole: unknown = summarized;
  const places = placesNow(where, whole);
  for (const { path, tensor } of places)
    if (tensor.isDisposed) throw new DisposedError(disposedText(`${where} at ${formatPath(path)}`, tensor));
  return places.filter(({ tensor }) => tensor.dtype !== "string");
}

function placesNow(where: string, whole: unknown): Place[] {
  if (isModel(whole)) return placesOfModel(whole);
  refuseOthers(where, whole);
  if (!isWhole(whole)) return inOrder(placesOf(where, whole as State, [], ""));
  const told = kinds.flatMap((part) => placesIn(where, Reflect.get(whole, part), part));
  const values = inOrder(told);
  return [...values, ...likeCalls(placesIn(where, Reflect.get(whole, "gradients"), "gradients"), values)];
}

const isModel = (x: unknown): x is object =>
  x instanceof GraphNode ||
  x instanceof Variable ||
  (classify(x) === "container" && !isStateLike(x) && !isWhole(x as object) && hasNodes(x as object));

const hasNodes = (x: object): boolean => {
  for (const [, each] of iterNodes(x)) if (each instanceof GraphNode || each instanceof Variable) return true;
  return false;
};

/** The tensors in a model's Variables, in the order of the model's attributes. */
function placesOfModel(model: object): Place[] {
  const nodes = model instanceof Variable ? [[[], model] as const] : [...iterNodes(model)];
  return nodes.flatMap(([path, each]) => {
    if (!(each instanceof Variable) || each.isDisposed) return [];
    const { typeName } = each.type;
    return [...tensorsOf(each.getRawValue(), [typeName])].map(
      ([steps, tensor]): Place => ({
        path,
        part: steps.join("."),
        tensor,
        section: "parameters",
      }),
    );
  });
}

/**
 * The tensors in one part of a result of `captureGradients`. The gradients are a State, or, if the
 * model is a container of modules, a container of States.
 */
function placesIn(where: string, node: unknown, section: FlagPlace, path: Path = []): Place[] {
  if (isStateLike(node))
    return placesOf(where, node, [section], section).map((place) => ({
      ...place,
      path: [...path, ...place.path],
    }));
  const value = node instanceof Variable ? node.getRawValue() : node;
  if (isTensor(value)) return [{ path, part: section, tensor: value, section }];
  if (!isContainer(value)) return [];
  return entriesOf(value).flatMap(([key, item]) =>
    placesIn(where, item, section, [...path, partFromKey(String(key))]),
  );
}

function placesOf(where: string, state: State, above: readonly string[], section: FlagPlace): Place[] {
  return flattenState(checkState(where, state)).flatMap(([path, leaf]) => {
    const value: unknown = leafValue(leaf);
    const order = toldOrder(leaf);
    const calls = order && Array.isArray(value) ? (value as readonly unknown[]) : [value];
    return calls.flatMap((call, i) => {
      const steps = calls.length > 1 ? [...above, String(i)] : above;
      return [...tensorsOf(call, steps)].map(([keys, tensor]): Place => {
        const side = keys[steps.length];
        return {
          path,
          part: keys.join("."),
          tensor,
          section: section === "" && order ? "sown" : section,
          told: order?.[i],
          side: side === "gradient" ? "gradient" : order ? "value" : undefined,
        };
      });
    });
  });
}

/** Sorted by when the values were told. What no capture told stays where it is, at the end. */
const inOrder = (places: readonly Place[]): Place[] =>
  [...places].sort((a, b) => (a.told ?? Number.MAX_VALUE) - (b.told ?? Number.MAX_VALUE));

/** Sorts the gradients of parameters as the calls of their modules. */
function likeCalls(gradients: readonly Place[], values: readonly Place[]): Place[] {
  const first = new Map<string, number>();
  values.forEach(({ path }, i) => {
    const key = pathKey(path.slice(0, -1));
    if (!first.has(key)) first.set(key, i);
  });
  const position = ({ path }: Place): number => {
    for (let length = path.length - 1; length > 0; length--) {
      const found = first.get(pathKey(path.slice(0, length)));
      if (found !== undefined) return found;
    }
    return first.get(pathKey([])) ?? values.length;
  };
  return gradients
    .map((place) => [position(place), place] as const)
    .sort(([a], [b]) => a - b)
    .map(([, place]) => place);
}

/** @throws {@link NnxError} for what is neither a State nor a result of `captureGradients`. */
function refuseOthers(where: string, captured: unknown): asserts captured is object {
  if (containerKind(captured) === "record") return;
  throw new NnxError(
    `${where}: expected a State, a model, or what captureGradients returned, got ${describe(captured)}. ` +
      "A capture returns an array: pass its second item, the State.",
  );
}
