/** @file One step of Adam for each element. */
import { type Code, f32x4, type Local } from "../wasm-emitter/code.ts";
import { elementwise } from "../wasm-emitter/elementwise.ts";
import type { WasmFunction } from "../wasm-emitter/module.ts";

type Numbers = readonly [
  b1: Local,
  rest1: Local,
  b2: Local,
  rest2: Local,
  meanWeight: Local,
  gradientWeight: Local,
  correction: Local,
  epsRoot: Local,
  eps: Local,
  factor?: Local,
  share?: Local,
];

const { add, mul, div, sqrt } = f32x4;

/** Makes of direction and parameter what is stored. */
type Finish = (direction: Code, p: Local | undefined, factor?: Local, share?: Local) => Code;

/**
 * A function of `inputs` arrays, of which the last three are gradient, mean and mean of squares, of
 * what becomes of the direction and both means, of the length, and of {@link Numbers}.
 */
const adamBy = (inputs: 3 | 4, scalars: number, finish: Finish): WasmFunction =>
  elementwise({
    inputs,
    outputs: 3,
    scalars,
    step: (x, scalar, make) => {
      const [g, m, v] = x.slice(-3) as [Local, Local, Local];
      const [b1, rest1, b2, rest2, meanWeight, gradientWeight, correction, epsRoot, eps, factor, share] =
        scalar as unknown as Numbers;
      const [mean, square] = [make(), make()];
      const code = [
        ...mean.set(add(mul(m.get, b1.get), mul(g.get, rest1.get))),
        ...square.set(add(mul(v.get, b2.get), mul(mul(g.get, g.get), rest2.get))),
      ];
      const along = add(mul(mean.get, meanWeight.get), mul(g.get, gradientWeight.get));
      const root = sqrt(add(mul(square.get, correction.get), epsRoot.get));
      const direction = div(along, add(root, eps.get));
      return { code, results: [finish(direction, x[inputs - 4], factor, share), mean.get, square.get] };
    },
  });

/** The functions of the module: Adam's direction, and parameters after a step without and with decay. */
export const adamFunctions: Readonly<Record<string, WasmFunction>> = {
  direction: adamBy(3, 9, (direction) => direction),
  step: adamBy(4, 10, (direction, p, factor) => add(p!.get, mul(direction, factor!.get))),
  decayed: adamBy(4, 11, (direction, p, factor, share) =>
    add(p!.get, mul(add(direction, mul(p!.get, share!.get)), factor!.get)),
  ),
};
