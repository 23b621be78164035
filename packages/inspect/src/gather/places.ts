/** @file Finds the tensors in models, States, and in what captures returned. */
import {
  type CapturedGradients,
  flattenState,
  GraphNode,
  isVariableState,
  leafValue,
  NnxError,
  type Path,
  type State,
  Variable,
} from "@nnxjs/nnx-core";
import { describe, entriesOf, isContainer, isStateLike, partFromKey } from "@nnxjs/nnx-core/internal";
import type { TensorData, Where } from "../format/report-data.ts";
import { isTensor, type Tensor } from "../tensor.ts";
import { access, literal } from "./code.ts";

/** A tensor, and where it was found. */
export interface Place extends Pick<TensorData, "where" | "path" | "call" | "of" | "part" | "code"> {
  readonly tensor: Tensor;
}

/** What `captureGradients` returned, or the State of a capture. */
export type Captured = State | Omit<CapturedGradients<object, unknown>, "gradients" | "aux">;

const recorded = ["sown", "perturbed", "outputs"] as const;

type Whole = Readonly<Record<(typeof recorded)[number] | "gradients", unknown>>;

/** Whether this is a result of `captureGradients`. */
export const isWhole = (x: unknown): x is Whole =>
  typeof x === "object" && x !== null && "loss" in x && [...recorded, "gradients"].every((part) => part in x);

type Keys = readonly (string | number)[];

/** Visits every tensor in a recorded value, with the keys that lead to it. */
function eachTensor(value: unknown, visit: (tensor: Tensor, keys: Keys) => void, keys: Keys = []): void {
  if (isTensor(value)) {
    if (value.dtype !== "string" && value.dtype !== "complex64") visit(value, keys);
  } else if (isContainer(value))
    for (const [key, item] of entriesOf(value))
      eachTensor(item, visit, [...keys, typeof key === "number" ? key : partFromKey(String(key))]);
}

const isPair = (x: unknown): x is { readonly value: unknown; readonly gradient: unknown } =>
  typeof x === "object" && x !== null && Object.keys(x).length === 2 && "value" in x && "gradient" in x;

/**
 * The tensors of one State. A leaf of a capture is a list with one item for each call. Code is
 * written when it is asked for: a recorder finds the same places at each step.
 */
function placesOf(state: State, where: Where, code: string, above: Path = []): Place[] {
  const found: Place[] = [];
  for (const [path, leaf] of flattenState(state)) {
    const value = leafValue<unknown>(leaf);
    const calls = Array.isArray(value) ? (value as readonly unknown[]) : [value];
    for (let call = 0; call < calls.length; call++) {
      const each = calls[call];
      const item = Array.isArray(value) ? `[${call}]` : "";
      const halves = isPair(each) ? (["value", "gradient"] as const) : [undefined];
      for (const half of halves) {
        const start = half === undefined ? each : (each as Record<typeof half, unknown>)[half];
        eachTensor(start, (tensor, keys) => {
          found.push({
            where,
            path: above.length === 0 ? path : [...above, ...path],
            call,
            of: half ?? (where === "gradients" ? "gradient" : "value"),
            part: keys.join("."),
            get code() {
              const rest = [...(half === undefined ? [] : [half]), ...keys].map(access).join("");
              return `nnx.valuesAt(${code}, ${literal(path)})${item}${rest}`;
            },
            tensor,
          });
        });
      }
    }
  }
  return found;
}

/** The values of a model. */
export function parameterPlaces(state: State, code: (path: Path) => string): Place[] {
  const found: Place[] = [];
  for (const [path, leaf] of flattenState(state))
    eachTensor(leafValue<unknown>(leaf), (tensor, keys) => {
      found.push({
        where: "parameters",
        path,
        call: 0,
        of: "value",
        part: keys.join("."),
        get code() {
          return `${code(path)}${isVariableState(leaf) ? ".value" : ""}${keys.map(access).join("")}`;
        },
        tensor,
      });
    });
  return found;
}

/** Gradients: a State, or, for a container of models, a container of States. */
export function gradientPlaces(gradients: unknown, code: string, path: Path = []): readonly Place[] {
  if (isStateLike(gradients)) return placesOf(gradients, "gradients", code, path);
  const value = gradients instanceof Variable ? (gradients.getRawValue() as unknown) : gradients;
  if (isTensor(value))
    return [{ where: "gradients", path, call: 0, of: "gradient", part: "", code, tensor: value }];
  if (!isContainer(value)) return [];
  return entriesOf(value).flatMap(([key, item]) => {
    const part = typeof key === "number" ? key : partFromKey(String(key));
    return gradientPlaces(item, code + access(part), [...path, part]);
  });
}

/**
 * What was captured, without gradients of the model.
 * @throws {@link NnxError} for what no capture returns.
 */
export function capturedPlaces(where: string, captured: Captured, code = "captured"): readonly Place[] {
  const given: unknown = captured;
  if (isWhole(given))
    return recorded.flatMap((part) =>
      isStateLike(given[part]) ? placesOf(given[part], part, `${code}.${part}`) : [],
    );
  if (isStateLike(given)) return placesOf(given, "captured", code);
  throw new NnxError(
    `${where}: expected captured to be a State or what captureGradients returned, got ${describe(given)}. ` +
      (given instanceof GraphNode
        ? "Pass the model as the first argument."
        : "A capture returns an array: pass its second item, the State."),
  );
}
