/** @file Cases of element-wise kernels. */
import * as tf from "@tensorflow/tfjs-core";
import type { Case } from "./run.ts";
import { type Dtype, type Plain, type Random, sizeOf } from "./random.ts";

const { exp, expm1, log1p, fround, tanh, abs, sqrt } = Math;

/** Its series near 0, and a continued fraction elsewhere. */
function erf(x: number): number {
  const a = abs(x);
  if (Number.isNaN(x)) return x;
  if (a < 2.5) {
    let [term, sum] = [a, a];
    for (let n = 1; n < 80; n++) {
      term *= (-a * a) / n;
      sum += term / (2 * n + 1);
    }
    return (Math.sign(x) * sum * 2) / sqrt(Math.PI) || x;
  }
  let fraction = 0;
  for (let k = 60; k > 0; k--) fraction = k / 2 / (a + fraction);
  return Math.sign(x) * (1 - exp(-a * a) / (sqrt(Math.PI) * (a + fraction)));
}

const sigmoid = (x: number): number => (x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x)));
const roundEven = (x: number): number => {
  if (!Number.isFinite(x) || abs(x) >= 2 ** 23) return x;
  const down = Math.floor(x);
  const rest = x - down;
  const up = rest > 0.5 || (rest === 0.5 && down % 2 !== 0);
  return up ? (down + 1 === 0 && x < 0 ? -0 : down + 1) : down;
};
const [SCALE, ALPHA] = [1.0507009873554805, 1.6732632423543772];

interface Unary {
  readonly of: (x: number) => number;
  readonly ulps?: number;
  readonly attrs?: object;
  readonly anyZero?: boolean;
}

/** max(x, 0) and the like keep NaN. */
const unaries: Readonly<Record<string, Unary>> = {
  Exp: { of: exp, ulps: 2 },
  Expm1: { of: expm1, ulps: 3 },
  Tanh: { of: tanh, ulps: 4 },
  Sigmoid: { of: sigmoid, ulps: 4 },
  Elu: { of: (x) => (x >= 0 ? x : expm1(x)), ulps: 4 },
  Selu: { of: (x) => (x >= 0 ? SCALE * x : SCALE * ALPHA * expm1(x)), ulps: 4 },
  Log: { of: Math.log, ulps: 3 },
  Log1p: { of: log1p, ulps: 4 },
  Softplus: { of: (x) => (x > 30 ? x : Number.isNaN(x) ? x : log1p(exp(x))), ulps: 4 },
  Erf: { of: erf, ulps: 4 },
  LeakyRelu: {
    of: (x) => (x < 0 ? fround(fround(0.3) * x) : x),
    attrs: { alpha: 0.3 },
    anyZero: true,
    ulps: 1,
  },
  Rsqrt: { of: (x) => 1 / sqrt(x), ulps: 2 },
  Relu: { of: (x) => (Number.isNaN(x) ? x : Math.max(0, x)), anyZero: true },
  Relu6: { of: (x) => (Number.isNaN(x) ? x : Math.min(6, Math.max(0, x))), anyZero: true },
  ClipByValue: {
    of: (x) => (Number.isNaN(x) ? x : Math.min(2.5, Math.max(-1, x))),
    attrs: { clipValueMin: -1, clipValueMax: 2.5 },
  },
  Step: { of: (x) => (Number.isNaN(x) ? x : x > 0 ? 1 : 0.25), attrs: { alpha: 0.25 } },
  Neg: { of: (x) => -x },
  Abs: { of: abs },
  Square: { of: (x) => x * x },
  Sqrt: { of: sqrt },
  Reciprocal: { of: (x) => 1 / x },
  Round: { of: roundEven },
  Floor: { of: Math.floor },
  Ceil: { of: Math.ceil },
};

const run = (name: string, inputs: Record<string, tf.Tensor>, attrs: object = {}): tf.Tensor =>
  tf.engine().runKernel(name, inputs, attrs as tf.NamedAttrMap);

function unary(random: Random): Case {
  const [name, { of, attrs, ulps = 0, anyZero = false }] = random.of(Object.entries(unaries));
  const x = random.tensor(random.shape());
  return {
    name,
    inputs: [x],
    run: ([t]) => run(name, { x: t! }, attrs),
    expected: [{ ...x, values: x.values.map(of) }],
    ulps,
    stockWithin: ulps && 3e-7,
    anyZero,
  };
}

/** The others: what tensorflow.js does with them on cpu. */
const ofInts = ["Neg", "Abs", "Square", "Relu", "Step", "ClipByValue", "Round", "Floor", "Ceil", "Relu6"];
function intUnary(random: Random): Case {
  const name = random.of(ofInts);
  const { attrs } = unaries[name]!;
  return {
    name,
    inputs: [random.tensor(random.shape(), "int32", "plain")],
    run: ([t]) => run(name, { x: t! }, attrs),
    expected: "stock",
    anyZero: true,
    // wasm has none of these for integers.
    on: "cpu",
  };
}

/** `of(a, b)` for each element of the broadcast shape. */
export function broadcasting(
  inputs: readonly Plain[],
  dtype: Dtype,
  of: (...values: number[]) => number,
): Plain {
  const rank = Math.max(...inputs.map((x) => x.shape.length));
  const padded = inputs.map((x) => [...Array<number>(rank - x.shape.length).fill(1), ...x.shape]);
  const shape = Array.from({ length: rank }, (_, axis) => {
    const sizes = padded.map((own) => own[axis]!);
    return sizes.find((n) => n !== 1) ?? 1;
  });
  const steps = padded.map((own) => {
    let step = 1;
    const result: number[] = [];
    for (let axis = rank - 1; axis >= 0; axis--) {
      result[axis] = own[axis] === 1 ? 0 : step;
      step *= own[axis]!;
    }
    return result;
  });
  const place = Array<number>(rank).fill(0);
  const values = Array.from({ length: sizeOf(shape) }, () => {
    const at = steps.map((own) => own.reduce((sum, step, axis) => sum + step * place[axis]!, 0));
    for (let axis = rank - 1; axis >= 0; axis--) {
      if (++place[axis]! < shape[axis]!) break;
      place[axis] = 0;
    }
    return of(...inputs.map((x, i) => x.values[at[i]!]!));
  });
  return { shape, dtype, values };
}

const larger = (a: number, b: number): number => Math.max(a, b);
const pairs: Readonly<
  Record<string, [of: (a: number, b: number) => number, dtype?: Dtype, anyZero?: boolean]>
> = {
  Add: [(a, b) => a + b],
  Sub: [(a, b) => a - b],
  Multiply: [(a, b) => a * b],
  RealDiv: [(a, b) => a / b],
  SquaredDifference: [(a, b) => fround(fround(a - b) * fround(a - b))],
  Maximum: [larger, "float32", true],
  Minimum: [(a, b) => Math.min(a, b), "float32", true],
  Greater: [(a, b) => +(a > b), "bool"],
  GreaterEqual: [(a, b) => +(a >= b), "bool"],
  Less: [(a, b) => +(a < b), "bool"],
  LessEqual: [(a, b) => +(a <= b), "bool"],
  Equal: [(a, b) => +(a === b), "bool"],
  NotEqual: [(a, b) => +(a !== b), "bool"],
  NnxAbove: [(a, b) => (+(a > b) + +(a >= b)) / 2],
};

/** Two shapes that broadcast; now and then one tensor twice. */
function operands(random: Random, dtype: Dtype = "float32"): [Plain, Plain] {
  const shape = random.shape();
  const a = random.tensor(random.chance(0.5) ? shape : random.narrower(shape), dtype);
  if (random.chance(0.15)) return [a, a];
  return [a, random.tensor(a.shape.length === shape.length ? random.narrower(shape) : shape, dtype)];
}

function pair(random: Random): Case {
  const [name, [of, dtype = "float32", anyZero = false]] = random.of(Object.entries(pairs));
  const inputs = operands(random);
  return {
    name,
    inputs,
    run: ([a, b]) => run(name, { a: a!, b: b! }),
    expected: [broadcasting(inputs, dtype, of)],
    ulps: name === "SquaredDifference" ? 2 : 0,
    anyZero,
  };
}

function intPair(random: Random): Case {
  const dtype = "int32";
  const names = ["Add", "Sub", "Multiply", "Maximum", "Minimum", "Greater", "LessEqual", "Equal"];
  const name = random.of(names);
  const inputs = operands(random, dtype).map((x) => ({ ...x, values: x.values.map((v) => v % 10_000) }));
  const given = inputs[0] === inputs[1] ? [inputs[0]!, inputs[0]!] : inputs;
  const [of, result = dtype] = pairs[name]!;
  return {
    name,
    inputs: given,
    run: ([a, b]) => run(name, { a: a!, b: b! }),
    expected: [broadcasting(given, result === "bool" ? "bool" : dtype, (a, b) => of(a, b) | 0)],
  };
}

function power(random: Random): Case {
  const shape = random.shape();
  const a = random.tensor(shape);
  const exponent = random.of([2, 2, 2, 3, 0.5, -1, 0]);
  const isScalar = random.chance(0.6);
  const b: Plain = isScalar
    ? {
        shape: random.of([[], [1], Array<number>(Math.min(7, shape.length + 1)).fill(1)]),
        dtype: "float32",
        values: [exponent],
      }
    : { ...a, values: a.values.map(() => exponent) };
  return {
    name: "Pow",
    inputs: [a, b],
    run: ([x, y]) => tf.pow(x!, y!),
    expected: [broadcasting([a, b], "float32", (x, y) => x ** y)],
    ulps: 2,
    note: exponent,
  };
}

function prelu(random: Random): Case {
  const x = random.tensor(random.shape());
  const alpha = random.tensor(random.narrower(x.shape), "float32", "plain");
  const { values, ...rest } = broadcasting([x, alpha], "float32", (v, a) => (v < 0 ? a * v : v));
  return {
    name: "Prelu",
    inputs: [x, alpha],
    run: ([t, a]) => tf.prelu(t!, a!),
    expected: [{ ...rest, values }],
    anyZero: true,
  };
}

function logic(random: Random): Case {
  const shape = random.shape();
  const name = random.of(["LogicalAnd", "LogicalOr", "LogicalNot"]);
  const a = random.tensor(shape, "bool");
  const b = random.chance(0.2)
    ? a
    : random.tensor(random.chance(0.5) ? shape : random.narrower(shape), "bool");
  if (name === "LogicalNot") {
    const expected = [{ ...a, values: a.values.map((v) => 1 - v) }];
    return { name, inputs: [a], run: ([x]) => run(name, { x: x! }), expected };
  }
  const of = (x: number, y: number): number => (name === "LogicalAnd" ? x & y : x | y);
  return {
    name,
    inputs: [a, b],
    run: ([x, y]) => run(name, { a: x!, b: y! }),
    expected: [broadcasting([a, b], "bool", of)],
  };
}

const dtypes: readonly Dtype[] = ["float32", "int32", "bool"];

function choice(random: Random): Case {
  const dtype = random.of(dtypes);
  const isOwn = random.chance(0.6);
  const shape = random.shape();
  const spread = (): number[] => (isOwn ? random.narrower(shape) : shape);
  const condition = random.tensor(spread(), "bool");
  const t = random.tensor(isOwn ? shape : spread(), dtype);
  const e = random.chance(0.15) ? t : random.tensor(spread(), dtype);
  const of = (c: number, x: number, y: number): number => (c === 0 ? y : x);
  return {
    name: isOwn ? "NnxSelect" : "Select",
    inputs: [condition, t, e],
    run: ([c, x, y]) =>
      run(
        isOwn ? "NnxSelect" : "Select",
        isOwn ? { condition: c!, t: x!, e: y! } : { condition: c!, t: x!, e: y! },
      ),
    expected: [broadcasting([condition, t, e], dtype, of)],
  };
}

function rowChoice(random: Random): Case {
  const shape = random.shape(4, 2);
  const dtype = random.of(dtypes);
  const c = random.tensor([shape[0]!], "bool");
  const [t, e] = [random.tensor(shape, dtype), random.tensor(shape, dtype)];
  const rows = { ...c, shape: [...c.shape, ...shape.slice(1).map(() => 1)] };
  return {
    name: "Select",
    inputs: [c, t, e],
    run: ([cond, x, y]) => run("Select", { condition: cond!, t: x!, e: y! }),
    expected: [broadcasting([rows, t, e], dtype, (v, x, y) => (v === 0 ? y : x))],
    note: "rows",
  };
}

function mixedChoice(random: Random): Case {
  const shape = random.shape();
  const [from, to] = random.shuffled(dtypes);
  const inputs = [
    random.tensor(shape, "bool"),
    random.tensor(shape, from, "plain"),
    random.tensor(shape, to, "plain"),
  ];
  const dtype = [from, to].includes("float32") ? "float32" : "int32";
  return {
    name: "Select",
    inputs,
    run: ([c, x, y]) => tf.where(c!, x!, y!),
    expected: [broadcasting(inputs, dtype, (v, x, y) => (v === 0 ? y : x))],
    note: "mixed",
  };
}

function cast(random: Random): Case {
  const [from, to] = [random.of(dtypes), random.of(dtypes)];
  const x = random.tensor(random.shape(), from, from === "float32" && to === "int32" ? "mild" : "wild");
  const of = (v: number): number =>
    to === "bool" ? +(v !== 0) : to === "int32" ? Math.trunc(v) + 0 : fround(v);
  return {
    name: "Cast",
    inputs: [x],
    run: ([t]) => run("Cast", { x: t! }, { dtype: to }),
    expected: [{ shape: x.shape, dtype: to, values: x.values.map(of) }],
    note: to,
    anyZero: to === "int32",
  };
}

function addN(random: Random): Case {
  const shape = random.shape();
  const inputs = Array.from({ length: random.int(1, 5) }, () => random.tensor(shape));
  if (inputs.length > 2 && random.chance(0.3)) inputs[2] = inputs[0]!;
  return {
    name: "AddN",
    inputs,
    run: (xs) => run("AddN", xs as unknown as Record<string, tf.Tensor>),
    ulps: 1,
    within: 1e-4,
    expected: [broadcasting(inputs, "float32", (...v) => v.slice(1).reduce((a, b) => fround(a + b), v[0]!))],
  };
}

/** Sizes where SIMD's loops end. */
function masked(random: Random): Case {
  const shape = random.shape();
  const scale = random.of([1, 2, 1 / 0.9, 0]);
  const [x, mask] = [random.tensor(shape), random.tensor(shape, "bool")];
  return {
    name: "NnxMasked",
    inputs: [x, mask],
    run: ([t, m]) => run("NnxMasked", { x: t!, mask: m! }, { scale }),
    expected: [broadcasting([x, mask], "float32", (v, m) => (m ? fround(v * fround(scale)) : 0))],
    note: scale,
  };
}

const signs: Readonly<Record<string, (x: number) => boolean>> = {
  NnxPositive: (x) => x > 0,
  NnxNotNegative: (x) => x >= 0,
};
function signOf(random: Random): Case {
  const [name, of] = random.of(Object.entries(signs));
  const x = random.tensor(random.shape());
  return {
    name,
    inputs: [x],
    run: ([t]) => run(name, { x: t! }),
    expected: [{ ...x, dtype: "bool", values: x.values.map((v) => +of(v)) }],
  };
}

const GELU = sqrt(2 / Math.PI);
const gate = (x: number): number => sigmoid(2 * GELU * (x + 0.044715 * x ** 3));
const below = (x: number): number =>
  x < -2.5 ? exp((-x * x) / 2) * 0 + (1 - erf(-x / Math.SQRT2)) / 2 : (1 + erf(x / Math.SQRT2)) / 2;
/** Where its products are 0 · ∞ there is no usual result. */
const curves: Readonly<Record<string, (x: number) => number>> = {
  NnxSilu: (x) => x * sigmoid(x),
  NnxGelu: (x) => x * gate(x),
  NnxGeluErf: (x) => x * below(x),
};
function curve(random: Random): Case {
  const [name, of] = random.of(Object.entries(curves));
  const x = random.tensor(random.shape(), "float32", random.chance(0.5) ? "mild" : "plain");
  return {
    name,
    inputs: [x],
    run: ([t]) => run(name, { x: t! }),
    expected: [{ ...x, values: x.values.map(of) }],
    ulps: 6,
    within: 2e-6,
    stockWithin: 2e-4,
    anyZero: true,
  };
}

/** From dy and x (or y = f(x)). */
const slopes: Readonly<
  Record<string, ["x" | "y", (dy: number, v: number) => number, (v: number) => number]>
> = {
  NnxReluGrad: ["y", (dy, y) => (y > 0 ? dy : 0), (v) => Math.max(v, 0)],
  NnxRelu6Grad: ["x", (dy, x) => (x > 0 && x < 6 ? dy : 0), (v) => v],
  NnxEluGrad: ["y", (dy, y) => (y > 0 ? dy : dy * (1 + y)), (v) => Math.max(v, -1)],
  NnxSeluGrad: ["y", (dy, y) => (y > 0 ? dy * SCALE : dy * (y + SCALE * ALPHA)), (v) => Math.max(v, -1)],
  NnxTanhGrad: ["y", (dy, y) => dy * (1 + y) * (1 - y), tanh],
  NnxSigmoidGrad: ["y", (dy, y) => dy * y * (1 - y), sigmoid],
  NnxSquareGrad: ["x", (dy, x) => 2 * dy * x, (v) => v],
  NnxSqrtGrad: ["y", (dy, y) => (dy * 0.5) / y, (v) => abs(v) + 1e-3],
  NnxAbsGrad: ["x", (dy, x) => (x >= 0 ? dy : -dy), (v) => v],
  NnxSoftplusGrad: ["x", (dy, x) => dy * sigmoid(x), (v) => v],
  NnxErfGrad: ["x", (dy, x) => (dy * 2 * exp(-x * x)) / sqrt(Math.PI), (v) => v],
  NnxSiluGrad: ["x", (dy, x) => dy * (sigmoid(x) + x * sigmoid(x) * (1 - sigmoid(x))), (v) => v],
  NnxGeluGrad: [
    "x",
    (dy, x) => dy * (gate(x) + x * gate(x) * (1 - gate(x)) * 2 * GELU * (1 + 3 * 0.044715 * x * x)),
    (v) => v,
  ],
  NnxGeluErfGrad: ["x", (dy, x) => dy * (below(x) + (x * exp((-x * x) / 2)) / sqrt(2 * Math.PI)), (v) => v],
  NnxLeakyReluGrad: ["x", (dy, x) => (x >= 0 ? dy : dy * fround(0.3)), (v) => v],
};
function slope(random: Random): Case {
  const [name, [by, of, range]] = random.of(Object.entries(slopes));
  const isWild = ["NnxReluGrad", "NnxRelu6Grad", "NnxAbsGrad"].includes(name);
  const shape = random.shape();
  const dy = random.tensor(shape, "float32", isWild ? "wild" : "mild");
  const other = random.tensor(shape, "float32", isWild ? "wild" : "mild");
  const v = { ...other, values: other.values.map((each) => fround(range(each))) };
  const attrs = name === "NnxLeakyReluGrad" ? { alpha: 0.3 } : {};
  return {
    name,
    inputs: [dy, v],
    run: ([a, b]) => run(name, { dy: a!, [by]: b! }, attrs),
    expected: [{ ...dy, values: dy.values.map((d, i) => of(d, v.values[i]!)) }],
    ulps: 6,
    within: 3e-6,
    stockWithin: 2e-4,
    anyZero: true,
  };
}

/** Each makes a case. */
export const elementwiseCases: readonly ((random: Random) => Case)[] = [
  unary,
  unary,
  intUnary,
  pair,
  pair,
  intPair,
  power,
  prelu,
  logic,
  choice,
  rowChoice,
  mixedChoice,
  cast,
  addN,
  masked,
  signOf,
  curve,
  slope,
];
