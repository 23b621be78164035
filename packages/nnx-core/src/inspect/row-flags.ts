/** @file Flags that follow from the tensors of a run alone: their rows, one by one and in order. */
import { formatPath, pathKey } from "../path.ts";
import type { Flag } from "./flag.ts";
import { at, type Found, figure, type Measured, middle, percent } from "./found.ts";
import type { Thresholds } from "./thresholds.ts";

/** The flags of some rows, which are in the order of the calls. */
export function rowFlags(rows: readonly Measured[], thresholds: Thresholds): Found[] {
  const gradientOf = gradientsByCall(rows);
  return [
    ...brokenFlags(rows, gradientOf),
    ...oncePerPath(rows.flatMap((row) => [...deadFlags(row, gradientOf.get(row), thresholds)])),
    ...oncePerPath([...saturationFlags(rows, thresholds)]),
    ...growthFlags(rows, thresholds),
  ];
}

/** One flag for all calls of a method, as those of a recurrent cell: that of the first. */
function oncePerPath(all: readonly Found[]): Found[] {
  const first = new Map<string, Flag>();
  return all.map(([flag, row]) => {
    const key = pathKey(flag.path);
    const known = first.get(key) ?? flag;
    first.set(key, known);
    return [known, row];
  });
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
  yield at(
    "nonFinite",
    first,
    `${what} has ${counts} among ${size} numbers, and is the first that does.`,
    "Find the op with findNonFinite; often it is the log or square root of 0, a division by 0, or an exp that overflows.",
  );
}

function* deadFlags(
  row: Measured,
  gradient: Measured | undefined,
  { dead, examples }: Thresholds,
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
  const most = Math.min(units.length, dead * units.length + Math.sqrt(units.length));
  const isOff = off >= most && off > 0 && (gradientUnits !== undefined || off < units.length);
  // Where no unit gets a gradient, none of them is the reason.
  if (isOff && !(gradient && gradient.facts.norm === 0 && off < units.length)) {
    yield at(
      "dead",
      row,
      `There are ${off} of ${units.length} units off for all ${facts.examples} examples${gradientUnits ? ", and get no gradient" : ""}.`,
      "Lower the learning rate, look at the biases and the initializer, or use leakyRelu or gelu in the place of relu.",
    );
  }
}

/** Activations at the ends of tanh or sigmoid, inside of the model. */
function* saturationFlags(rows: readonly Measured[], { examples, saturated }: Thresholds): Generator<Found> {
  const values = rows.filter(({ place }) => place.side === "value");
  const last = values.filter(({ place }) => place.path.length === 1 && place.section === "outputs").at(-1);
  // The last layer may return what the model returns.
  const isReturned = ({ facts, statistics }: Measured): boolean =>
    facts.norm === last?.facts.norm && statistics.size === last.statistics.size;
  for (const row of values) {
    const share = row.facts.saturated;
    if (row.facts.examples < examples || share === undefined || share < saturated || isReturned(row))
      continue;
    yield at(
      "saturated",
      row,
      `Of the values, ${percent(share)} are at the ends of the activation, where its slope is almost 0.`,
      "Use smaller initial weights (glorotUniform), normalize the inputs, or put a normalization before the activation.",
    );
  }
}

/** Of so many values all pairs are looked at; of more, every second one, every third one and so on. */
const mostRows = 200;

/**
 * By how much the logarithm grows from one value to the next: the middle of the slopes of all pairs.
 * Single values may be far off, as where a normalization follows small ones.
 * @see Theil 1950; Sen 1968, https://doi.org/10.1080/01621459.1968.10480934
 */
function slopeOf(values: readonly number[]): number {
  const every = Math.ceil(values.length / mostRows);
  const logs = values.filter((_, i) => i % every === 0).map(Math.log);
  return middle(logs.flatMap((from, i) => logs.slice(i + 1).map((to, j) => (to - from) / (j + 1)))) / every;
}

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
      yield at(
        "vanishing",
        row,
        `The gradient shrinks from ${to} to ${figure(row.facts.norm)} here.`,
        "Use relu or gelu in the place of sigmoid or tanh, heNormal for the weights, a normalization, or connections around the layers.",
      );
    }
    const growth = Math.exp(-slopeOf(norms(gradients)) * (gradients.length - 1));
    if (growth > exploding) {
      yield at(
        "exploding",
        row,
        `The gradient grows ${figure(growth)} times on its way from ${to} to the first layers.`,
        "Use smaller initial weights (lecunNormal), a normalization, or clipByGlobalNorm before the optimizer.",
      );
    }
  }
  const values = rows.filter((row) => row.place.side === "value" && isUsed(row));
  const size = ({ facts, statistics }: Measured): number => facts.norm / Math.sqrt(statistics.size);
  const [start] = values;
  // Embeddings may be small, and what the model returns may have any size.
  const inner = values.slice(0, values.length - Math.ceil(values.length / 4));
  const largest = inner.find((row) => start && size(row) > 10 * exploding * Math.max(1, size(start)));
  if (start && largest) {
    yield at(
      "exploding",
      largest,
      `The values grow from ${figure(size(start))} at ${formatPath(start.place.path)} to ${figure(size(largest))} here.`,
      "Use smaller initial weights (lecunNormal, heNormal), or a normalization between the layers.",
    );
  }
}
