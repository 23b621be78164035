/**
 * @file Programs for webgl and webgpu. One text serves both: it has what GLSL and WGSL have in common,
 * and a few words that stand for what they write differently.
 */
import { engine, type Tensor, type TensorInfo } from "@tensorflow/tfjs-core";
import { sizeOf } from "../shape.ts";
import { toGlsl, toWgsl } from "./texts.ts";

/** The backends that run such programs. */
export const GPU: readonly ["webgl", "webgpu"] = ["webgl", "webgpu"];

/** A uniform of a program: one or more numbers that the shader is not compiled for. */
export interface Uniform {
  readonly name: string;
  readonly type: "float" | "int";
  readonly value: number;
}

/** A uniform that is an integer. */
export const int = (name: string, value: number): Uniform => ({ name, type: "int", value });

interface WebglProgram {
  readonly variableNames: readonly string[];
  readonly outputShape: readonly number[];
  readonly userCode: string;
  readonly packedInputs?: boolean;
  readonly packedOutput?: boolean;
  readonly customUniforms?: readonly { readonly name: string; readonly type: string }[];
}

/** Methods of the webgl backend. */
interface WebglBackend {
  runWebGLProgram(
    program: WebglProgram,
    inputs: readonly TensorInfo[],
    dtype: string,
    uniforms?: readonly (readonly number[])[],
  ): TensorInfo;
  shouldExecuteOnCPU(inputs: readonly TensorInfo[]): boolean;
  unpackTensor(x: TensorInfo): TensorInfo;
  readonly texData: { get(dataId: object): { readonly isPacked?: boolean } };
}

interface WebgpuProgram {
  readonly variableNames: readonly string[];
  readonly outputShape: readonly number[];
  readonly shaderKey: string;
  readonly dispatchLayout: { readonly x: readonly number[] };
  readonly dispatch: readonly [number, number, number];
  readonly workgroupSize: readonly [number, number, number];
  readonly size: true;
  readonly uniforms?: string;
  getUserCode(): string;
}

/** Methods of the webgpu backend. */
interface WebgpuBackend {
  shouldExecuteOnCPU(inputs: readonly TensorInfo[]): boolean;
  readonly tensorMap: { get(dataId: object): { readonly dtype: string } };
  runWebGPUProgram(
    program: WebgpuProgram,
    inputs: readonly TensorInfo[],
    dtype: string,
    uniforms?: readonly { readonly type: string; readonly data: readonly number[] }[],
  ): TensorInfo;
}

const isWebgl = (backend: object): backend is WebglBackend => "runWebGLProgram" in backend;

/** Whether a backend has integers as such, and groups of threads. */
export const isWebgpu = (backend: object): boolean => "runWebGPUProgram" in backend;

/** Whether programs can run on a backend. */
export const isGpu = (backend: object): boolean => isWebgl(backend) || isWebgpu(backend);

/** A tensor that several programs read, which would each bring it into this form on webgl. */
export const unpacked = (backend: object, x: Tensor): Tensor =>
  isWebgl(backend) && backend.texData.get(x.dataId).isPacked
    ? engine().makeTensorFromTensorInfo(backend.unpackTensor(x))
    : x;

/** Whether tensorflow.js computes with these few numbers on the processor, where they still are. */
export const isOnProcessor = (backend: object, inputs: readonly TensorInfo[]): boolean =>
  (backend as WebglBackend | WebgpuBackend).shouldExecuteOnCPU(inputs);

/**
 * The type of the numbers in the memory of webgpu's tensors. What was cast from bool or int32 to a
 * larger type still has the integers there.
 */
export const isIntegerInMemory = (backend: object, { dataId }: TensorInfo): boolean =>
  !isWebgl(backend) && (backend as WebgpuBackend).tensorMap.get(dataId).dtype !== "float32";

/** As many threads as work together on webgpu. */
export const WORKGROUP = 64;
/** As many groups as each axis of a dispatch may have. */
const MOST_GROUPS = 65535;

/** The groups of a program of this many elements, along two axes where one does not do. */
function groupsOf(size: number): [number, number, number] {
  const groups = Math.ceil(size / WORKGROUP);
  if (groups <= MOST_GROUPS) return [groups, 1, 1];
  const rows = Math.ceil(groups / MOST_GROUPS);
  return [Math.ceil(groups / rows), rows, 1];
}

const webgpuProgram = (
  name: string,
  variableNames: readonly string[],
  outputShape: readonly number[],
  uniforms: readonly Uniform[],
  getUserCode: () => string,
  isOfGroups = false,
): WebgpuProgram => ({
  variableNames,
  outputShape,
  shaderKey: `nnx_${name}`,
  dispatchLayout: { x: outputShape.map((_, axis) => axis) },
  dispatch: groupsOf(sizeOf(outputShape) * (isOfGroups ? WORKGROUP : 1)),
  workgroupSize: [WORKGROUP, 1, 1],
  size: true,
  ...(uniforms.length > 0 && {
    uniforms: uniforms.map((each) => `${each.name} : ${each.type === "int" ? "i32" : "f32"},`).join(" "),
  }),
  getUserCode,
});

/** What a program computes for one element of its result. */
export interface ElementProgram {
  /** Names the text: different texts have different names. */
  readonly name: string;
  /**
   * The body of a function of the flat index `at` of the element, which returns a number. It reads an
   * input that it names X by `getX(…coordinates)`, and a uniform k by `UNIFORM_k`.
   */
  readonly body: string;
  /** The names of the inputs. */
  readonly inputs: readonly string[];
  /** On webgpu alone: the body writes the element itself, as what `setOutputAtIndex` does not write. */
  readonly isWhole?: boolean;
  /**
   * On webgpu alone: a group of threads has one element, and the body is that of one of them, `localId.x`.
   * `at` is the element times {@link WORKGROUP}, and the body writes what is less than `uniforms.size`.
   */
  readonly isOfGroups?: boolean;
  /** Functions that the body calls, for each language. */
  readonly before?: { readonly glsl: string; readonly wgsl: string };
}

const uniformsFor = (uniforms: readonly Uniform[]): readonly { type: string; data: readonly number[] }[] =>
  uniforms.map(({ type, value }) => ({ type: type === "int" ? "int32" : "float32", data: [value] }));

const namesOf = (uniforms: readonly Uniform[]): readonly { name: string; type: string }[] =>
  uniforms.map(({ name, type }) => ({ name, type }));

/** What webgpu starts for each element, or for each thread. */
function mainOf(text: string, isWhole = false, isOfGroups = false): string {
  if (isOfGroups) return `fn main(at : i32) { ${text} }`;
  if (isWhole) return `fn main(at : i32) { if (at < uniforms.size) { ${text} } }`;
  return `fn nnx(at : i32) -> f32 { ${text} }
    fn main(index : i32) { if (index < uniforms.size) { setOutputAtIndex(index, nnx(index)); } }`;
}

/**
 * Runs a program for each element of its result, which has one axis.
 * @param inputs - Tensors of up to six axes.
 */
export function runForEach(
  backend: object,
  { name, body, inputs: names, before, isWhole, isOfGroups }: ElementProgram,
  inputs: readonly TensorInfo[],
  size: number,
  dtype: "float32" | "int32" | "bool",
  uniforms: readonly Uniform[] = [],
): TensorInfo {
  if (isWebgl(backend)) {
    const userCode = `
      ${before?.glsl ?? ""}
      float nnx(int at) { ${toGlsl(body)} }
      void main() { setOutput(nnx(getOutputCoords())); }`;
    return backend.runWebGLProgram(
      {
        variableNames: names,
        outputShape: [size],
        userCode,
        customUniforms: namesOf(uniforms),
      },
      inputs,
      dtype,
      uniforms.map(({ value }) => [value]),
    );
  }
  const code = `${before?.wgsl ?? ""} ${mainOf(toWgsl(body), isWhole, isOfGroups)}`;
  return (backend as WebgpuBackend).runWebGPUProgram(
    webgpuProgram(name, names, [size], uniforms, () => code, isOfGroups),
    inputs,
    dtype,
    uniformsFor(uniforms),
  );
}

const letters = ["A", "B", "C"] as const;

/** The texture of webgl's result has padding, in which 0 has to stand. */
function withoutPadding(rank: number): string {
  if (rank === 0) return "y.gba = vec3(0.0);";
  const type = rank === 1 ? "int" : `ivec${rank}`;
  const [row, column] = rank === 1 ? ["", "at"] : [`at[${rank - 2}]`, `at[${rank - 1}]`];
  const bottom = rank === 1 ? "y.ba = vec2(0.0);" : `if (${row} + 1 >= ROWS) { y.ba = vec2(0.0); }`;
  return `${type} at = getOutputCoords(); if (${column} + 1 >= COLUMNS) { y.ga = vec2(0.0); } ${bottom}`;
}

/**
 * Computes each element of a tensor from those of others at its place. Inputs are repeated along axes
 * of size 1, as by all operations.
 * @param name - Names the text: different texts have different names.
 * @param body - The body of a function of `a`, `b` and `c`, which returns a number.
 * @param shape - Of up to four axes.
 * @param more - Functions that the body calls, and its uniforms.
 */
export function runElementwise(
  backend: object,
  name: string,
  body: string,
  inputs: readonly TensorInfo[],
  shape: readonly number[],
  dtype: "float32" | "int32" | "bool",
  {
    before,
    uniforms = [],
  }: { readonly before?: ElementProgram["before"]; readonly uniforms?: readonly Uniform[] } = {},
): TensorInfo {
  const names = letters.slice(0, inputs.length);
  const args = names.map((letter) => letter.toLowerCase());
  if (isWebgl(backend)) {
    const f = `${before?.glsl ?? ""} float nnx(${args.map((arg) => `float ${arg}`).join(", ")}) { ${toGlsl(body)} }`;
    // Where no input is packed, packing them would take a program more for each.
    const isPacked = shape.length <= 4 && inputs.some(({ dataId }) => backend.texData.get(dataId).isPacked);
    const packed = (): string => {
      const of = (channel: string): string => `nnx(${args.map((arg) => `${arg}.${channel}`).join(", ")})`;
      const padding = withoutPadding(shape.length)
        .replace("ROWS", String(shape.at(-2)))
        .replace("COLUMNS", String(shape.at(-1)));
      return `${f} void main() {
        ${names.map((letter) => `vec4 ${letter.toLowerCase()} = get${letter}AtOutCoords();`).join(" ")}
        vec4 y = vec4(${["r", "g", "b", "a"].map(of).join(", ")});
        ${padding} setOutput(y); }`;
    };
    const plain = (): string =>
      `${f} void main() { setOutput(nnx(${names.map((letter) => `get${letter}AtOutCoords()`).join(", ")})); }`;
    return backend.runWebGLProgram(
      {
        variableNames: names,
        outputShape: shape,
        userCode: isPacked ? packed() : plain(),
        packedInputs: isPacked,
        packedOutput: isPacked,
        customUniforms: namesOf(uniforms),
      },
      inputs,
      dtype,
      uniforms.map(({ value }) => [value]),
    );
  }
  const code = `${before?.wgsl ?? ""}
      fn nnx(${args.map((arg) => `${arg} : f32`).join(", ")}) -> f32 { ${toWgsl(body)} }
      fn main(index : i32) { if (index < uniforms.size) {
        setOutputAtIndex(index, nnx(${names.map((letter) => `get${letter}ByOutputIndex(index)`).join(", ")})); } }`;
  return (backend as WebgpuBackend).runWebGPUProgram(
    webgpuProgram(name, names, shape, uniforms, () => code),
    inputs,
    dtype,
    uniformsFor(uniforms),
  );
}
