/** @file Element-wise kernels of webgl and webgpu that are wrong at edges, or hardly right anywhere. */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, TensorInfo } from "@tensorflow/tfjs-core";
import { GPU, runElementwise, type Uniform } from "../../gpu/program.ts";
import { literal } from "../../gpu/texts.ts";
import { filled } from "../../memory/access.ts";
import { sizeOf, withShape } from "../../shape.ts";
import { foldedTo4 } from "./folded.ts";
import { type Mend, mend, scoped } from "../../mend.ts";

type Backends = readonly string[];

const float = (name: string, value: number): Uniform => ({ name, type: "float", value });

/** A kernel of one input. */
const unary = <A>(
  kernelName: string,
  backends: Backends,
  body: string,
  uniformsOf: (attrs: A) => readonly Uniform[] = () => [],
): Mend =>
  mend<"x", A>(kernelName, backends, ({ inputs: { x }, attrs, backend, stock }) => {
    if (x.dtype !== "float32" || sizeOf(x.shape) === 0) return stock();
    const run = (y: TensorInfo): TensorInfo =>
      runElementwise(backend, kernelName, body, [y], y.shape, "float32", { uniforms: uniformsOf(attrs) });
    if (x.shape.length <= 4) return run(x);
    return scoped(() => withShape(run(tf.reshape(x as Tensor, [sizeOf(x.shape)])), x.shape));
  });

/** A kernel of two inputs of one dtype, which its result has, too. */
const binary = (
  kernelName: string,
  backends: Backends,
  body: string,
  dtype: "float32" | "bool" = "float32",
): Mend =>
  mend<"a" | "b" | "x" | "alpha">(kernelName, backends, ({ inputs, backend, stock }) => {
    const [a, b] = kernelName === "Prelu" ? [inputs.x, inputs.alpha] : [inputs.a, inputs.b];
    if (a.dtype !== dtype || b.dtype !== dtype) return stock();
    const shape = tf.backend_util.assertAndGetBroadcastShape(a.shape, b.shape);
    if (sizeOf(shape) === 0) return filled(backend, { shape, dtype }, 0);
    const run = (x: TensorInfo, y: TensorInfo, out: readonly number[]): TensorInfo =>
      runElementwise(backend, `${kernelName} ${dtype}`, body, [x, y], out, dtype);
    if (shape.length <= 4) return run(a, b, shape);
    return scoped(() => {
      const folded = foldedTo4(a, b, shape);
      return withShape(run(folded.a, folded.b, folded.shape), shape);
    });
  });

/** The sine of r, which is between -π/2 and π/2. */
const SINE = `var_float z = r * r;
  var_float s = r + r * z * (-0.16666667 + z * (0.0083333310 + z * (-0.000198409 + z * (2.7525562e-6 - z * 2.3889859e-8))));`;
/** r = a - k π, for a k that has few digits. */
const REST = "var_float r = ((a - k * 3.140625) - k * 0.00096702575683593750) - k * 6.2771141529083252e-7;";

/** Of more, the digits of the rest are lost. */
const MOST_ANGLE = "100000.0";

const isOdd = (k: string): string => `(${k} - 2.0 * floor(${k} * 0.5)) != 0.0`;

const IS_NAN = "if (isnan(a)) { return a; }";

/** e = exp(a) - 1, near 0 by its series. */
const EXPM1 = `var_float e = exp(a) - 1.0;
  if (abs(a) <= 0.25) { e = a + a * a * (0.5 + a * (0.16666667 + a * (0.041666668 + a * (0.008333334 + a * 0.0013888889)))); }`;

/** The exact remainder, as by hand: of the doubles of b, which have its digits. */
const MOD = `
  if (isnan(a) || isnan(b) || b == 0.0 || abs(a) == INFINITY) { return NAN; }
  var_float m = abs(b); var_float r = abs(a);
  if (r >= m) {
    var_float part = m;
    for (var_int k = 0; k < 256; k++) { if (part > r * 0.5) { break; } part = part * 2.0; }
    for (var_int k = 0; k < 256; k++) { if (r >= part) { r = r - part; } if (part == m) { break; } part = part * 0.5; }
  }
  if (a < 0.0) { r = -r; }
  if (r != 0.0 && (r < 0.0) != (b < 0.0)) { r = r + b; }
  return r;`;

/** 1 / 0 is infinite, and 0 / 0 NaN. */
const BY_ZERO =
  "if (b == 0.0) { if (a == 0.0) { return NAN; } if (a > 0.0) { return INFINITY; } return -INFINITY; }";

/** Replacements of element-wise kernels. */
export const gpuElementwiseMends: readonly Mend[] = [
  unary(
    "Log",
    GPU,
    `${IS_NAN} if (a == 0.0) { return -INFINITY; } if (a < 0.0) { return NAN; } if (a == INFINITY) { return a; } return log(a);`,
  ),
  unary(
    "Log1p",
    GPU,
    `${IS_NAN} if (a == -1.0) { return -INFINITY; } if (a < -1.0) { return NAN; } if (a == INFINITY) { return a; }
     var_float u = 1.0 + a; if (u == 1.0) { return a; } return log(u) * (a / (u - 1.0));`,
  ),
  unary("Relu", GPU, `${IS_NAN} if (a < 0.0) { return 0.0; } return a;`),
  unary("Relu6", GPU, `${IS_NAN} if (a < 0.0) { return 0.0; } if (a > 6.0) { return 6.0; } return a;`),
  unary<tf.LeakyReluAttrs>(
    "LeakyRelu",
    GPU,
    `${IS_NAN} if (a < 0.0) { return UNIFORM_alpha * a; } return a;`,
    ({ alpha }) => [float("alpha", alpha)],
  ),
  unary<tf.ClipByValueAttrs>(
    "ClipByValue",
    ["webgl"],
    `${IS_NAN} return min(max(a, UNIFORM_low), UNIFORM_high);`,
    ({ clipValueMin, clipValueMax }) => [float("low", clipValueMin), float("high", clipValueMax)],
  ),
  unary("Exp", ["webgpu"], `${IS_NAN} return exp(a);`),
  unary("Expm1", GPU, `${IS_NAN} ${EXPM1} return e;`),
  unary("Sigmoid", GPU, `${IS_NAN} return 1.0 / (1.0 + exp(-a));`),
  unary("Elu", GPU, `${IS_NAN} if (a >= 0.0) { return a; } ${EXPM1} return e;`),
  unary(
    "Selu",
    GPU,
    `${IS_NAN} if (a >= 0.0) { return ${literal(tf.backend_util.SELU_SCALE)} * a; }
     ${EXPM1} return ${literal(tf.backend_util.SELU_SCALEALPHA)} * e;`,
  ),
  // Beyond 14, 1 is less than half of the last digit.
  unary(
    "Softplus",
    GPU,
    `${IS_NAN} if (a > 14.0) { return a; } if (a < -14.0) { return exp(a); } return log(exp(a) + 1.0);`,
  ),
  unary(
    "Sin",
    GPU,
    `if (!(abs(a) < ${MOST_ANGLE})) { if (isnan(a) || abs(a) == INFINITY) { return NAN; } return sin(a); }
     var_float k = floor(a * 0.31830988618379067 + 0.5); ${REST} ${SINE} if (${isOdd("k")}) { return -s; } return s;`,
  ),
  unary(
    "Cos",
    GPU,
    `if (!(abs(a) < ${MOST_ANGLE})) { if (isnan(a) || abs(a) == INFINITY) { return NAN; } return cos(a); }
     var_float m = floor(a * 0.31830988618379067); var_float k = m + 0.5; ${REST} ${SINE} if (${isOdd("m")}) { return s; } return -s;`,
  ),
  unary(
    "Acos",
    GPU,
    `${IS_NAN} var_float m = abs(a); if (m > 1.0) { return NAN; }
     var_float z = a * a; var_float s = a; if (m > 0.5) { z = 0.5 * (1.0 - m); s = sqrt(z); }
     var_float p = s + s * z * ((((0.042163199048 * z + 0.024181311049) * z + 0.045470025998) * z + 0.074953002686) * z + 0.16666752422);
     if (m <= 0.5) { return 1.5707963267948966 - p; } if (a > 0.0) { return 2.0 * p; } return 3.1415926535897932 - 2.0 * p;`,
  ),
  binary(
    "RealDiv",
    GPU,
    `if (isnan(a) || isnan(b)) { return NAN; }
     ${BY_ZERO}
     if (a == b && abs(a) != INFINITY) { return 1.0; } return a / b;`,
  ),
  // A quotient may be a last digit too small.
  binary(
    "FloorDiv",
    GPU,
    `if (isnan(a) || isnan(b)) { return NAN; } ${BY_ZERO}
     var_float q = floor(a / b); if ((q + 1.0) * b == a) { return q + 1.0; } return q;`,
  ),
  binary("Mod", GPU, MOD),
  binary(
    "Pow",
    GPU,
    `if (b == 0.0 || a == 1.0) { return 1.0; } if (isnan(a) || isnan(b)) { return NAN; } if (b == 1.0) { return a; }
     var_float m = abs(a);
     if (abs(b) == INFINITY) { if (m == 1.0) { return 1.0; } if ((m > 1.0) == (b > 0.0)) { return INFINITY; } return 0.0; }
     if (a == 0.0) { if (b < 0.0) { return INFINITY; } return 0.0; }
     if (a < 0.0 && m != INFINITY && floor(b) < b) { return NAN; }
     var_float p = pow(m, b);
     if (m == 1.0) { p = 1.0; }
     if (m == INFINITY) { p = 0.0; if (b > 0.0) { p = INFINITY; } }
     if (a < 0.0 && ${isOdd("b")} && floor(b) == b) { return -p; } return p;`,
  ),
  binary(
    "Prelu",
    GPU,
    "if (isnan(a)) { return a; } if (a >= 0.0) { return a; } if (isnan(b)) { return b; } return a * b;",
  ),
  unary("Sign", GPU, `${IS_NAN} if (a > 0.0) { return 1.0; } if (a < 0.0) { return -1.0; } return 0.0;`),
  binary("Add", GPU, "return max(a, b);", "bool"),
  binary("Sub", GPU, "return abs(a - b);", "bool"),
];
