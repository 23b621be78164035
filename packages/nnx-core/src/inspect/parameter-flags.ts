/** @file Flags of parameters: their gradients, their updates, and twins. */
import { formatPath, pathKey } from "../path.ts";
import { about, at, type Found, figure, type Measured, middle } from "./found.ts";
import type { Thresholds } from "./thresholds.ts";

/** A parameter with its gradient, and its update if there was one. */
export interface Parameter {
  readonly value: Measured;
  readonly gradient: Measured | undefined;
  readonly update: Measured | undefined;
  /** By how much the update lowers the loss, by the gradient alone. 0 where either is missing. */
  readonly gain: number;
  /** Identifies the values of the parameter. */
  readonly hash: string;
}

const isKernel = ({ value }: Parameter): boolean => value.place.tensor.rank >= 2;

const isZero = (row: Measured | undefined): boolean => row !== undefined && row.statistics.zeros === 1;

const ratio = ({ value, update }: Parameter): number =>
  update && value.facts.norm > 0 ? update.facts.norm / value.facts.norm : Number.NaN;

/** How much the updates change the weights. */
export function* updateFlags(
  parameters: readonly Parameter[],
  loss: number,
  { largeUpdates, smallUpdates }: Thresholds,
): Generator<Found> {
  const kernels = parameters.filter((each) => isKernel(each) && ratio(each) > 0);
  if (kernels.length === 0) return;
  const usual = middle(kernels.map(ratio));
  const advice = "Divide the learning rate by 3 or 10, and look at this figure again: about 0.001 is usual.";
  const gain = parameters.reduce((sum, each) => sum + each.gain, 0);
  // Of a loss that may be negative nobody knows how far down it goes.
  const isFar = !(gain <= loss) || loss <= 0;
  if (usual > 10 * largeUpdates || (usual > largeUpdates && isFar)) {
    const message = `The updates are ${figure(usual)} times as large as the weights, in the middle of ${kernels.length} kernels.`;
    yield about("largeUpdates", [], "updates", message, advice);
  } else {
    for (const each of kernels) {
      if (ratio(each) <= 10 * largeUpdates) continue;
      const message = `The update is ${figure(ratio(each))} times as large as the weights, and in the middle of all kernels ${figure(usual)} times.`;
      yield at(
        "largeUpdates",
        each.update as Measured,
        message,
        "Look at the initial weights of this layer, and at its learning rate.",
      );
    }
  }
  const isSteep = ({ value, gradient }: Parameter): boolean =>
    gradient !== undefined && gradient.facts.norm > value.facts.norm / 100;
  const steep = kernels.filter(isSteep).map(ratio);
  const small = middle(steep);
  // NaN of none is no small update.
  if (!(small < smallUpdates) || 2 * steep.length < kernels.length) return;
  yield about(
    "smallUpdates",
    [],
    "updates",
    `The updates are ${figure(small)} times as large as the weights, in the middle of ${steep.length} kernels, and the gradients are not small.`,
    "Multiply the learning rate by 10, unless a schedule is at its start or end; about 0.001 is usual.",
  );
}

/** Layers whose parameters get no gradient, or no update. */
export function* frozenFlags(parameters: readonly Parameter[]): Generator<Found> {
  const layers = new Map<string, Parameter[]>();
  for (const each of parameters) {
    const key = pathKey(each.value.place.path.slice(0, -1));
    layers.set(key, [...(layers.get(key) ?? []), each]);
  }
  // Behind a kernel of zeros every gradient is zero, and such kernels are meant: they begin so.
  const isBias = ({ value }: Parameter): boolean => value.place.path.at(-1) === "bias";
  const hasZeros = parameters.some((each) => isKernel(each) && !isBias(each) && isZero(each.value));
  const isMoving = (each: Parameter): boolean => !isZero(each.gradient) && each.gradient !== undefined;
  if (!parameters.some(isMoving)) return;
  for (const layer of layers.values()) {
    const [first] = layer;
    if (!first || !layer.some(isKernel)) continue;
    const path = first.value.place.path.slice(0, -1);
    if (layer.every(({ gradient }) => isZero(gradient))) {
      if (hasZeros) continue;
      yield about(
        "frozen",
        path,
        "gradients",
        "The gradient of every parameter of this layer is exactly 0, and that of others is not.",
        "Look for a stopGradient, a dead layer behind it, or a value that was read and made a tensor again; leave the layer out of wrt if it is meant.",
      );
    } else if (
      layer.every(({ update }) => isZero(update)) &&
      parameters.some(({ update }) => update && !isZero(update))
    ) {
      yield about(
        "frozen",
        path,
        "updates",
        "The optimizer leaves every parameter of this layer as it is, although there is a gradient.",
        "Look at the optimizer's wrt, and at freeze, masked or partition in its transformation; give diagnose the same wrt if it is meant.",
      );
    }
  }
}

/** Parameters that were drawn from the same keys. */
export function* twinFlags(parameters: readonly Parameter[]): Generator<Found> {
  const first = new Map<string, Parameter>();
  for (const each of parameters) {
    // A copy that is not trained is meant to be the same.
    if (!isKernel(each) || each.value.statistics.std === 0 || !each.gradient || isZero(each.gradient))
      continue;
    const before = first.get(each.hash);
    if (!before) {
      first.set(each.hash, each);
      continue;
    }
    yield at(
      "sharedStream",
      each.value,
      `The values are exactly those of ${formatPath(before.value.place.path)}, but it is another Variable.`,
      "Make both layers with the same Rngs object, which gives each a key of its own, or assign one to the other if they are to be shared.",
    );
  }
}
