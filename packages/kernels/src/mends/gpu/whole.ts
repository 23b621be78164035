/**
 * @file Element-wise kernels of integers on webgl and webgpu. webgl keeps them as floats, and computes with
 * them as integers where a float would be wrong below 2^24, too; webgpu's own kernels make floats of them.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { CastAttrs, ClipByValueAttrs, TensorInfo } from "@tensorflow/tfjs-core";
import { fold } from "../../fold.ts";
import {
  GPU,
  int,
  isIntegerInMemory,
  isOnProcessor,
  isWebgpu,
  runElementwise,
  runForEach,
  type Uniform,
} from "../../gpu/program.ts";
import { toGlsl, toWgsl } from "../../gpu/texts.ts";
import { arraysOf, filled } from "../../memory/access.ts";
import { sizeOf, withShape } from "../../shape.ts";
import { type Mend, mend, reshaped, scoped } from "../../mend.ts";
import { foldedTo4 } from "./folded.ts";

type Backends = readonly string[];
interface Operation {
  readonly name: string;
  /** The body of a function of the integers `a` and `b`, which returns one. */
  readonly body: string;
  readonly dtype: "int32" | "bool";
}

/** Both inputs as they are in memory, along the axes that both have or one is repeated along. */
function runIntegers(
  backend: object,
  { name, body, dtype }: Operation,
  a: TensorInfo,
  b: TensorInfo,
  size: number,
): TensorInfo {
  const { axes } = fold(a.shape, b.shape);
  const uniforms: Uniform[] = [];
  const lines: string[] = [];
  let [sizeA, sizeB] = [1, 1];
  for (const [i, axis] of [...axes.entries()].reverse()) {
    lines.push(i > 0 ? `axis = rest % uniforms.n${i}; rest /= uniforms.n${i};` : "axis = rest;");
    lines.push(`x += axis * uniforms.a${i}; y += axis * uniforms.b${i};`);
    const steps = { [`n${i}`]: axis.size, [`a${i}`]: axis.a ? sizeA : 0, [`b${i}`]: axis.b ? sizeB : 0 };
    uniforms.push(...Object.entries(steps).map(([key, value]) => int(key, value)));
    if (axis.a) sizeA *= axis.size;
    if (axis.b) sizeB *= axis.size;
  }
  const program = {
    name: `${name} ${axes.length}`,
    body: `var rest = at; var axis = 0; var x = 0; var y = 0; ${lines.join(" ")} result[at] = whole(A[x], B[y]);`,
    inputs: ["A", "B"],
    isWhole: true,
    before: { glsl: "", wgsl: toWgsl(`fn whole(a : i32, b : i32) -> i32 { ${body} }`) },
  };
  const flat = [a, b].map((each) => reshaped(each, [sizeOf(each.shape)]));
  return runForEach(backend, program, flat, size, dtype, uniforms);
}

/** The same by floats that stand for integers. */
function runAsIntegers(
  backend: object,
  { name, body, dtype }: Operation,
  a: TensorInfo,
  b: TensorInfo,
  shape: readonly number[],
): TensorInfo {
  const folded = foldedTo4(a, b, shape);
  const before = { glsl: toGlsl(`int whole(int a, int b) { ${body} }`), wgsl: "" };
  const inputs = [folded.a, folded.b];
  const call = "return f32(whole(i32(a), i32(b)));";
  return runElementwise(backend, `integers ${name}`, call, inputs, folded.shape, dtype, { before });
}

function run(backend: object, operation: Operation, a: TensorInfo, b: TensorInfo): TensorInfo {
  const shape = tf.backend_util.assertAndGetBroadcastShape(a.shape, b.shape);
  if (sizeOf(shape) === 0) return filled(backend, { shape, dtype: operation.dtype }, 0);
  return scoped(() =>
    withShape(
      isWebgpu(backend)
        ? runIntegers(backend, operation, a, b, sizeOf(shape))
        : runAsIntegers(backend, operation, a, b, shape),
      shape,
    ),
  );
}

/** A kernel of one input, whose text does not ask for `b`, or of two. */
const integers = <A>(
  kernelName: string,
  backends: Backends,
  body: string | ((attrs: A) => string),
  { dtype = "int32", hasOther = false }: { dtype?: "int32" | "bool"; hasOther?: boolean } = {},
): Mend =>
  mend<string, A>(kernelName, backends, ({ inputs, attrs, backend, stock }) => {
    const a = inputs.x ?? inputs.a!;
    const b = inputs.b ?? a;
    if (a.dtype !== "int32" || b.dtype !== "int32") return stock();
    if (hasOther && isOnProcessor(backend, [a, b])) return stock();
    const text = typeof body === "string" ? body : body(attrs);
    return run(backend, { name: kernelName + text, body: text, dtype }, a, b);
  });

/** One of which tensorflow.js has another for the processor, which is right for integers. */
const small = (kernelName: string, body: string, backends: Backends = ["webgpu"]): Mend =>
  integers(kernelName, backends, `return ${body};`, { hasOther: true });

const comparison = (kernelName: string, is: string): Mend =>
  integers(kernelName, ["webgpu"], `if (a ${is} b) { return 1; } return 0;`, {
    dtype: "bool",
    hasOther: true,
  });

const MOST = 2 ** 31;

/** A bound as an integer: the whole part, of which the kernel's result is made, too. */
const bound = (value: number): string =>
  value <= -MOST ? "-2147483647 - 1" : String(Math.trunc(Math.min(value, MOST - 1)));

/** Whether a conversion by the processor, which drops higher bits, is right. */
const isInRange = (backend: object, { dataId }: TensorInfo): boolean =>
  arraysOf(backend)
    .readSync(dataId)
    .every((v) => v < MOST && v >= -MOST);

/** NaN becomes 0, and what is beyond the integers the nearest one: on webgl the nearest that is a float. */
const toInteger: Mend = mend<"x", CastAttrs>(
  "Cast",
  GPU,
  ({ inputs: { x }, attrs: { dtype }, backend, stock }) => {
    if (x.dtype !== "float32" || dtype !== "int32" || sizeOf(x.shape) === 0) return stock();
    if (isIntegerInMemory(backend, x) || (isOnProcessor(backend, [x]) && isInRange(backend, x)))
      return stock();
    return scoped(() => {
      if (!isWebgpu(backend)) {
        const flat = x.shape.length > 4 ? reshaped(x, [sizeOf(x.shape)]) : x;
        const body = `if (isnan(a)) { return 0.0; } if (a > 2147483520.0) { return 2147483520.0; }
          if (a < -2147483648.0) { return -2147483648.0; } if (a < 0.0) { return ceil(a); } return floor(a);`;
        return withShape(runElementwise(backend, "toInteger", body, [flat], flat.shape, "int32"), x.shape);
      }
      const program = {
        name: "toInteger",
        body: "let a = A[at]; result[at] = select(select(i32(a), 2147483647, a >= 2147483648.0), 0, isnan(a));",
        inputs: ["A"],
        isWhole: true,
      };
      const flat = reshaped(x, [sizeOf(x.shape)]);
      return withShape(runForEach(backend, program, [flat], sizeOf(x.shape), "int32"), x.shape);
    });
  },
);

/** Replacements of element-wise kernels that are wrong for integers. */
export const gpuWholeMends: readonly Mend[] = [
  toInteger,
  integers("Reciprocal", GPU, "if (a == 1 || a == -1) { return a; } return 0;"),
  integers("Neg", ["webgpu"], "return -a;"),
  integers("Abs", ["webgpu"], "if (a < 0) { return -a; } return a;"),
  integers("Square", GPU, "return a * a;"),
  integers<ClipByValueAttrs>(
    "ClipByValue",
    GPU,
    ({ clipValueMin, clipValueMax }) =>
      `return min(max(a, i32(${bound(clipValueMin)})), i32(${bound(clipValueMax)}));`,
  ),
  integers("SquaredDifference", GPU, "return (a - b) * (a - b);"),
  // Of a division by 0 it is 0, as on cpu.
  integers(
    "FloorDiv",
    GPU,
    `if (b == 0) { return 0; } if (b == -1) { return -a; }
     var_int q = a / b; if (q * b != a && (a < 0) != (b < 0)) { q = q - 1; } return q;`,
  ),
  integers(
    "Mod",
    GPU,
    `if (b == 0 || b == -1) { return 0; }
     var_int r = a - a / b * b; if (r != 0 && (r < 0) != (b < 0)) { r = r + b; } return r;`,
  ),
  // By squares. A negative power is a fraction, of which the whole part stays.
  integers(
    "Pow",
    GPU,
    `var_int pairs = b / 2;
     if (b < 0) { if (a == 1 || (a == -1 && pairs * 2 == b)) { return 1; } if (a == -1) { return a; } return 0; }
     var_int product = 1; var_int square = a; var_int rest = b;
     for (var_int k = 0; k < 31; k++) {
       if (rest == 0) { break; }
       pairs = rest / 2; if (pairs * 2 != rest) { product = product * square; }
       square = square * square; rest = pairs;
     }
     return product;`,
  ),
  small("Add", "a + b"),
  small("Sub", "a - b"),
  small("Multiply", "a * b", GPU),
  small("Maximum", "max(a, b)"),
  small("Minimum", "min(a, b)"),
  comparison("Equal", "=="),
  comparison("NotEqual", "!="),
  comparison("Less", "<"),
  comparison("LessEqual", "<="),
  comparison("Greater", ">"),
  comparison("GreaterEqual", ">="),
];
