/** @file Flags that follow from the tensors of a run alone: their rows, one by one and in order. */
import { formatPath } from "../path.ts";
import type { Flag } from "./flag.ts";
import type { Place } from "./places.ts";
import type { Statistics } from "./statistics.ts";
import type { Thresholds } from "./thresholds.ts";
import type { Facts } from "./units.ts";

/** A tensor whose values were read. */
export interface Measured {
  readonly place: Place;
  readonly statistics: Statistics;
  readonly facts: Facts;
}

/** A flag, and the row that it is about, if it is about one. */
export type Found = readonly [flag: Flag, row: Measured | undefined];

const found = (kind: Flag["kind"], row: Measured, message: string, advice: string): Found => [
  { kind, path: row.place.path, where: row.place.section, message, advice },
  row,
];

export const figure = (value: number): string => Number(value.toPrecision(2)).toString();
export const percent = (share: number): string => `${Math.round(100 * share)} %`;

/** The flags of some rows, which are in the order of the calls. */
export function rowFlags(rows: readonly Measured[], thresholds: Thresholds): Found[] {
  const gradientOf = gradientsByCall(rows);
  return [
    ...brokenFlags(rows, gradientOf),
    ...rows.flatMap((row) => [...unitFlags(row, gradientOf.get(row), thresholds)]),
    ...growthFlags(rows, thresholds),
  ];
}

/** The row of the gradient of each row of a value. */
function gradientsByCall(rows: readonly Measured[]): ReadonlyMap<Measured, Measured> {
  const gradients = new Map<string, Measured>();
  const keyOf = ({ place: { section, path, part } }: Measured): string =>
    `${section} ${formatPath(path)} ${part.replace(/(^|\.)(value|gradient)(?=\.|$)/, "$1*")}`;
  for (const row of rows) if (row.place.side === "gradient") gradients.set(keyOf(row), row);
  const pairs = new Map<Measured, Measured>();
  for (const row of rows) {
    const gradient = row.place.side === "value" ? gradients.get(keyOf(row)) : undefined;
    if (gradient) pairs.set(row, gradient);
  }
  return pairs;
}

/** NaN and infinities: one flag, where they come first. */
function* brokenFlags(
  rows: readonly Measured[],
  gradientOf: ReadonlyMap<Measured, Measured>,
): Generator<Found> {
  const isBroken = (row: Measured): boolean =>
    row.facts.isBroken || (row.statistics.inf > 0 && gradientOf.get(row)?.facts.isBroken === true);
  const forward = rows.filter((row) => row.place.side !== "gradient" && row.place.section !== "gradients");
  const back = rows.filter((row) => row.place.side === "gradient" || row.place.section === "gradients");
  // The gradient goes from the last call to the first.
  const first =
    forward.find(isBroken) ??
    back.filter((row) => row.place.side === "gradient" && isBroken(row)).at(-1) ??
    back.find(isBroken);
  if (!first) return;
  const { nan, inf, size } = first.statistics;
  const counts = [nan > 0 ? `${nan} NaN` : "", inf > 0 ? `${inf} infinities` : ""]
    .filter(Boolean)
    .join(" and ");
  const what =
    first.place.side === "gradient" || first.place.section === "gradients" ? "The gradient" : "The value";
  yield found(
    "nonFinite",
    first,
    `${what} has ${counts} among ${size} numbers, and is the first that does.`,
    "Find the op with findNonFinite; often it is the log or square root of 0, a division by 0, or an exp that overflows.",
  );
}

function* unitFlags(
  row: Measured,
  gradient: Measured | undefined,
  { dead, examples, saturated }: Thresholds,
): Generator<Found> {
  const { place, facts } = row;
  if (place.side !== "value" || facts.examples < examples) return;
  const { units } = facts;
  // Units that are off after relu are 0. Before relu they are not above 0, and get no gradient.
  const gradientUnits = gradient?.facts.units;
  const off = units.filter(({ isZero, isNeverPositive }, unit) =>
    gradientUnits ? isNeverPositive && gradientUnits[unit]?.isZero === true : isZero,
  ).length;
  // Without gradients, zeros everywhere may come from a layer that begins with zeros.
  const isOff = off >= dead * units.length && off > 0 && (gradientUnits !== undefined || off < units.length);
  // Where no unit gets a gradient, none of them is the reason.
  if (isOff && !(gradient && gradient.facts.norm === 0 && off < units.length)) {
    yield found(
      "dead",
      row,
      `${off} of ${units.length} units are off for all ${facts.examples} examples${gradientUnits ? ", and get no gradient" : ""}.`,
      "Lower the learning rate, look at the biases and the initializer, or use leakyRelu or gelu in the place of relu.",
    );
  }
  if (facts.saturated !== undefined && facts.saturated >= saturated) {
    yield found(
      "saturated",
      row,
      `${percent(facts.saturated)} of the values are at the ends of the activation, where its slope is almost 0.`,
      "Use smaller initial weights (glorotUniform), normalize the inputs, or put a normalization before the activation.",
    );
  }
}

const middle = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? Number.NaN;

/** Gradients and outputs that shrink or grow from call to call. */
function* growthFlags(rows: readonly Measured[], { vanishing, exploding }: Thresholds): Generator<Found> {
  const section = rows.some(({ place }) => place.section === "outputs") ? "outputs" : undefined;
  const isUsed = ({ place, facts }: Measured): boolean =>
    place.told !== undefined && (!section || place.section === section) && !facts.isBroken && facts.norm > 0;
  const gradients = rows.filter((row) => row.place.side === "gradient" && isUsed(row));
  if (gradients.length >= 4) {
    const quarter = Math.ceil(gradients.length / 4);
    const [first, last] = [gradients.slice(0, quarter), gradients.slice(-quarter)];
    const norms = (some: readonly Measured[]): number[] => some.map(({ facts }) => facts.norm);
    const end = middle(norms(last));
    const [row, latest] = [first[0] as Measured, last.at(-1) as Measured];
    const to = `${figure(end)} at ${formatPath(latest.place.path)}`;
    if (Math.max(...norms(first)) < vanishing * end) {
      yield found(
        "vanishing",
        row,
        `The gradient shrinks from ${to} to ${figure(row.facts.norm)} here.`,
        "Use relu or gelu in the place of sigmoid or tanh, heNormal for the weights, a normalization, or connections around the layers.",
      );
    }
    if (middle(norms(first)) > exploding * end) {
      yield found(
        "exploding",
        row,
        `The gradient grows from ${to} to ${figure(row.facts.norm)} here.`,
        "Use smaller initial weights (lecunNormal), a normalization, or clipByGlobalNorm before the optimizer.",
      );
    }
  }
  const values = rows.filter((row) => row.place.side === "value" && isUsed(row));
  const size = ({ facts, statistics }: Measured): number => facts.norm / Math.sqrt(statistics.size);
  const [start] = values;
  const largest = values.find((row) => start && size(row) > exploding * size(start));
  if (start && largest) {
    yield found(
      "exploding",
      largest,
      `The values grow from ${figure(size(start))} at ${formatPath(start.place.path)} to ${figure(size(largest))} here.`,
      "Use smaller initial weights (lecunNormal, heNormal), or a normalization between the layers.",
    );
  }
}
