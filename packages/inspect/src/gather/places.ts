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

/** Every tensor in a recorded value, with the keys that lead to it. */
function* tensorsIn(
  value: unknown,
  keys: readonly (string | number)[],
): Generator<readonly [keys: readonly (string | number)[], tensor: Tensor]> {
  if (isTensor(value)) yield [keys, value];
  else if (isContainer(value))
    for (const [key, item] of entriesOf(value))
      yield* tensorsIn(item, [...keys, typeof key === "number" ? key : partFromKey(String(key))]);
}

const isPair = (x: unknown): x is { readonly value: unknown; readonly gradient: unknown } =>
  typeof x === "object" && x !== null && Object.keys(x).length === 2 && "value" in x && "gradient" in x;

/** The tensors of one State. A leaf of a capture is a list with one item for each call. */
function* placesOf(state: State, where: Where, code: string): Generator<Place> {
  for (const [path, leaf] of flattenState(state)) {
    const value = leafValue<unknown>(leaf);
    const calls = Array.isArray(value) ? (value as readonly unknown[]) : [value];
    for (const [call, each] of calls.entries()) {
      const item = Array.isArray(value) ? `[${call}]` : "";
      const halves = isPair(each) ? (["value", "gradient"] as const) : [undefined];
      for (const half of halves) {
        const start = half === undefined ? each : (each as Record<typeof half, unknown>)[half];
        for (const [keys, tensor] of tensorsIn(start, [])) {
          if (tensor.dtype === "string" || tensor.dtype === "complex64") continue;
          const rest = [...(half === undefined ? [] : [half]), ...keys].map(access).join("");
          yield {
            where,
            path,
            call,
            of: half ?? (where === "gradients" ? "gradient" : "value"),
            part: keys.join("."),
            code: `nnx.valuesAt(${code}, ${literal(path)})${item}${rest}`,
            tensor,
          };
        }
      }
    }
  }
}

/** The values of a model. */
export function* parameterPlaces(state: State, code: (path: Path) => string): Generator<Place> {
  for (const [path, leaf] of flattenState(state)) {
    const value = leafValue<unknown>(leaf);
    for (const [keys, tensor] of tensorsIn(value, [])) {
      if (tensor.dtype === "string" || tensor.dtype === "complex64") continue;
      const part = keys.join(".");
      const read = `${code(path)}${isVariableState(leaf) ? ".value" : ""}${keys.map(access).join("")}`;
      yield { where: "parameters", path, call: 0, of: "value", part, code: read, tensor };
    }
  }
}

/** Gradients: a State, or, for a container of models, a container of States. */
export function* gradientPlaces(gradients: unknown, code: string, path: Path = []): Generator<Place> {
  if (isStateLike(gradients)) {
    for (const place of placesOf(gradients, "gradients", code))
      yield { ...place, path: [...path, ...place.path] };
    return;
  }
  const value = gradients instanceof Variable ? (gradients.getRawValue() as unknown) : gradients;
  if (isTensor(value))
    yield { where: "gradients", path, call: 0, of: "gradient", part: "", code, tensor: value };
  else if (isContainer(value))
    for (const [key, item] of entriesOf(value)) {
      const part = typeof key === "number" ? key : partFromKey(String(key));
      yield* gradientPlaces(item, code + access(part), [...path, part]);
    }
}

/**
 * What was captured, without gradients of the model.
 * @throws {@link NnxError} for what no capture returns.
 */
export function* capturedPlaces(where: string, captured: Captured, code = "captured"): Generator<Place> {
  const given: unknown = captured;
  if (isWhole(given)) {
    for (const part of recorded)
      if (isStateLike(given[part])) yield* placesOf(given[part], part, `${code}.${part}`);
  } else if (isStateLike(given)) yield* placesOf(given, "captured", code);
  else {
    throw new NnxError(
      `${where}: expected captured to be a State or what captureGradients returned, got ${describe(given)}. ` +
        (given instanceof GraphNode
          ? "Pass the model as the first argument."
          : "A capture returns an array: pass its second item, the State."),
    );
  }
}
