/** @file Element-wise kernels of webgl and webgpu that are wrong at edges, or hardly right anywhere. */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, TensorInfo } from "@tensorflow/tfjs-core";
import { fold } from "../../fold.ts";
import { GPU, literal, runElementwise } from "../../gpu/program.ts";
import { filled } from "../../memory/access.ts";
import { sizeOf, withShape } from "../../shape.ts";
import { type Mend, mend, scoped } from "../../mend.ts";

type Backends = readonly string[];

/** A kernel of one input. */
const unary = <A>(kernelName: string, backends: Backends, body: string | ((attrs: A) => string)): Mend =>
  mend<"x", A>(kernelName, backends, ({ inputs: { x }, attrs, backend, stock }) => {
    if (x.dtype !== "float32" || sizeOf(x.shape) === 0) return stock();
    const text = typeof body === "string" ? body : body(attrs);
    const name = typeof body === "string" ? kernelName : `${kernelName} ${text}`;
    if (x.shape.length <= 4) return runElementwise(backend, name, text, [x], x.shape, "float32");
    return scoped(() => {
      const flat = tf.reshape(x as Tensor, [sizeOf(x.shape)]);
      return withShape(runElementwise(backend, name, text, [flat], flat.shape, "float32"), x.shape);
    });
  });

/** A kernel of two inputs. */
const binary = (kernelName: string, backends: Backends, body: string): Mend =>
  mend<"a" | "b">(kernelName, backends, ({ inputs: { a, b }, backend, stock }) => {
    if (a.dtype !== "float32" || b.dtype !== "float32") return stock();
    const shape = tf.backend_util.assertAndGetBroadcastShape(a.shape, b.shape);
    if (sizeOf(shape) === 0) return filled(backend, { shape, dtype: "float32" }, 0);
    const run = (x: TensorInfo, y: TensorInfo, out: readonly number[]): TensorInfo =>
      runElementwise(backend, kernelName, body, [x, y], out, "float32");
    if (shape.length <= 4) return run(a, b, shape);
    return scoped(() => {
      const folded = fold(a.shape, b.shape);
      const isFew = folded.axes.length <= 4;
      const [x, y] = isFew
        ? [tf.reshape(a as Tensor, folded.a), tf.reshape(b as Tensor, folded.b)]
        : [a, b].map((each) => tf.reshape(tf.broadcastTo(each as Tensor, shape), [sizeOf(shape)]));
      const out = tf.backend_util.assertAndGetBroadcastShape(x!.shape, y!.shape);
      return withShape(run(x!, y!, out), shape);
    });
  });

/** The sine of r, which is between -π/2 and π/2. */
const SINE = `var_float z = r * r;
  var_float s = r + r * z * (-0.16666667 + z * (0.0083333310 + z * (-0.000198409 + z * (2.7525562e-6 - z * 2.3889859e-8))));`;
/** r = a - k π, for a k that has few digits. */
const REST = "var_float r = ((a - k * 3.140625) - k * 0.00096702575683593750) - k * 6.2771141529083252e-7;";

const isOdd = (k: string): string => `(${k} - 2.0 * floor(${k} * 0.5)) != 0.0`;

const IS_NAN = "if (isnan(a)) { return a; }";

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
    ({ alpha }) => `${IS_NAN} if (a < 0.0) { return ${literal(alpha)} * a; } return a;`,
  ),
  unary("Exp", ["webgpu"], `${IS_NAN} return exp(a);`),
  // Near 0 by its series.
  unary(
    "Expm1",
    GPU,
    `${IS_NAN} if (abs(a) > 0.25) { return exp(a) - 1.0; }
     return a + a * a * (0.5 + a * (0.16666667 + a * (0.041666668 + a * (0.008333334 + a * 0.0013888889))));`,
  ),
  unary("Sigmoid", GPU, `${IS_NAN} return 1.0 / (1.0 + exp(-a));`),
  unary("Elu", GPU, `${IS_NAN} if (a >= 0.0) { return a; } return exp(a) - 1.0;`),
  unary(
    "Selu",
    GPU,
    `${IS_NAN} if (a >= 0.0) { return ${literal(tf.backend_util.SELU_SCALE)} * a; }
     return ${literal(tf.backend_util.SELU_SCALEALPHA)} * (exp(a) - 1.0);`,
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
    `var_float k = floor(a * 0.31830988618379067 + 0.5); ${REST} ${SINE} if (${isOdd("k")}) { return -s; } return s;`,
  ),
  unary(
    "Cos",
    GPU,
    `var_float m = floor(a * 0.31830988618379067); var_float k = m + 0.5; ${REST} ${SINE} if (${isOdd("m")}) { return s; } return -s;`,
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
     if (b == 0.0) { if (a == 0.0) { return NAN; } if (a > 0.0) { return INFINITY; } return -INFINITY; }
     if (a == b && abs(a) != INFINITY) { return 1.0; } return a / b;`,
  ),
  binary(
    "FloorDiv",
    ["webgl"],
    "if (b == 0.0) { if (a == 0.0) { return NAN; } if (a > 0.0) { return INFINITY; } return -INFINITY; } return floor(a / b);",
  ),
  binary(
    "Pow",
    GPU,
    `if (b == 0.0) { return 1.0; } if (isnan(a) || isnan(b)) { return NAN; } if (b == 1.0) { return a; }
     if (a == 0.0) { if (b < 0.0) { return INFINITY; } return 0.0; }
     if (a < 0.0 && floor(b) < b) { return NAN; }
     var_float m = abs(a); var_float p = pow(m, b);
     if (m == INFINITY) { p = 0.0; if (b > 0.0) { p = INFINITY; } }
     if (a < 0.0 && ${isOdd("b")}) { return -p; } return p;`,
  ),
];
