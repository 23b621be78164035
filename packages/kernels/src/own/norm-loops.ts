/** @file Normalisation as loops, for where WebAssembly is out of reach. Sums are float64. */
import type { Elements } from "../memory/access.ts";
import type { NormAttrs } from "./norm-layout.ts";

type Maybe = Elements | undefined;

/** The number of scale or bias for a group and a place in it. */
const placeIn = (vector: Maybe, group: number, place: number, { groups, size }: NormAttrs): number =>
  vector && vector.length === groups ? group : group * size + place;

/** Calls `each` with the index, and the place in the size, of every element that is averaged. */
function eachOf(
  { rows, groups, size }: NormAttrs,
  outer: number,
  group: number,
  each: (index: number, place: number) => void,
): void {
  for (let row = 0; row < rows; row++) {
    const from = ((outer * rows + row) * groups + group) * size;
    for (let place = 0; place < size; place++) each(from + place, place);
  }
}

function momentsOf(
  x: Elements,
  attrs: NormAttrs,
  outer: number,
  group: number,
): [mean: number, variance: number] {
  const { rows, size, usesMean, isFast } = attrs;
  const count = rows * size;
  let [sum, squares] = [0, 0];
  eachOf(attrs, outer, group, (i) => {
    sum += x[i]!;
    squares += x[i]! * x[i]!;
  });
  const mean = usesMean ? sum / count : 0;
  if (isFast || !usesMean) return [mean, Math.max(squares / count - mean * mean, 0)];
  squares = 0;
  eachOf(attrs, outer, group, (i) => (squares += (x[i]! - mean) ** 2));
  return [mean, squares / count];
}

/** Writes y, means and variances. */
export function normalizeLoop(
  x: Elements,
  scale: Maybe,
  bias: Maybe,
  attrs: NormAttrs,
  y: Elements,
  means: Maybe,
  variances: Maybe,
): void {
  const { outer, groups, epsilon } = attrs;
  for (let o = 0, n = 0; o < outer; o++) {
    for (let group = 0; group < groups; group++, n++) {
      const [mean, variance] = momentsOf(x, attrs, o, group);
      const inverse = 1 / Math.sqrt(variance + epsilon);
      if (means && variances) [means[n], variances[n]] = [mean, variance];
      eachOf(attrs, o, group, (i, place) => {
        const scaled =
          (x[i]! - mean) * (scale ? inverse * scale[placeIn(scale, group, place, attrs)]! : inverse);
        y[i] = bias ? scaled + bias[placeIn(bias, group, place, attrs)]! : scaled;
      });
    }
  }
}

/** Writes the gradients for x, scale and bias. */
export function normalizeBackLoop(
  x: Elements,
  dy: Elements,
  scale: Maybe,
  attrs: NormAttrs,
  dx: Elements,
  dScale: Elements,
  dBias: Elements,
): void {
  const { outer, rows, groups, size, epsilon, usesMean } = attrs;
  const count = rows * size;
  // Float64, because they are added to by all rows.
  const [ofScale, ofBias] = [new Float64Array(dScale.length), new Float64Array(dBias.length)];
  for (let o = 0; o < outer; o++) {
    for (let group = 0; group < groups; group++) {
      const [mean, variance] = momentsOf(x, attrs, o, group);
      const inverse = 1 / Math.sqrt(variance + epsilon);
      let [sum, product] = [0, 0];
      eachOf(attrs, o, group, (i, place) => {
        const away = (x[i]! - mean) * inverse;
        const at = placeIn(dScale, group, place, attrs);
        const g = dy[i]! * (scale ? scale[at]! : 1);
        ofScale[at] = ofScale[at]! + dy[i]! * away;
        ofBias[at] = ofBias[at]! + dy[i]!;
        sum += g;
        product += g * away;
      });
      const [shift, slope] = [usesMean ? sum / count : 0, product / count];
      eachOf(attrs, o, group, (i, place) => {
        const g = dy[i]! * (scale ? scale[placeIn(scale, group, place, attrs)]! : 1);
        dx[i] = inverse * (g - shift - (x[i]! - mean) * inverse * slope);
      });
    }
  }
  dScale.set(ofScale);
  dBias.set(ofBias);
}
