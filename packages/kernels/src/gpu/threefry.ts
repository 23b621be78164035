/**
 * @file Random numbers on webgl and webgpu: the threefry2x32 hash of each element's number, as
 * `@nnxjs/rnglib` has it on the processor. All of it is arithmetic of 32-bit integers, which both languages
 * have, and a uniform has 23 bits, which a float32 holds: so the numbers are the same to the bit.
 */
import { engine, env, type TensorInfo } from "@tensorflow/tfjs-core";
import { sizeOf, withShape } from "../shape.ts";
import { isGpu, runForEach } from "./program.ts";

/** What is drawn for each element. */
export type DeviceDraw =
  /** A multiple of 2⁻²³ in [0, 1). */
  | { readonly kind: "uniform" }
  /** 1 where the upper 23 bits are below the threshold, else 0. */
  | { readonly kind: "bernoulli"; readonly threshold: number };

/** The shortest draw that the device makes: from here on it was quicker than a copy (docs/backends.md). */
const LEAST = 2 ** 11;

const ROTATIONS = [
  [13, 15, 26, 6],
  [17, 29, 16, 24],
] as const;

/** The hash of the counter (0, at). `u` has the 23 upper bits of both of its words together. */
const HASH: string = [
  "var_uint k0 = u32(UNIFORM_word0); var_uint k1 = u32(UNIFORM_word1);",
  "var_uint k2 = k0 ^ k1 ^ 0x1bd11bdau; var_uint a = k0; var_uint b = u32(at) + k1;",
  ...[0, 1, 2, 3, 4].flatMap((round) => [
    ...ROTATIONS[(round % 2) as 0 | 1].map(
      (by) => `a = a + b; b = ((b << ${by}u) | (b >> ${32 - by}u)) ^ a;`,
    ),
    `a = a + k${(round + 1) % 3}; b = b + k${(round + 2) % 3} + ${round + 1}u;`,
  ]),
  "var_uint u = (a ^ b) >> 9u;",
].join("\n");

const programs = {
  uniform: { name: "threefryUniform", inputs: [], body: `${HASH} return f32(u) * 1.1920928955078125e-7;` },
  bernoulli: {
    name: "threefryBernoulli",
    inputs: [],
    body: `${HASH} if (u < u32(UNIFORM_threshold)) { return 1.0; } return 0.0;`,
  },
} as const;

/** @param words - Of the key, as int32. */
function run(
  backend: object,
  draw: DeviceDraw,
  words: readonly [number, number],
  shape: readonly number[],
): TensorInfo {
  const drawn = runForEach(
    backend,
    programs[draw.kind],
    [],
    sizeOf(shape),
    draw.kind === "uniform" ? "float32" : "bool",
    [
      { name: "word0", type: "int", value: words[0] | 0 },
      { name: "word1", type: "int", value: words[1] | 0 },
      ...(draw.kind === "bernoulli"
        ? [{ name: "threshold", type: "int" as const, value: draw.threshold }]
        : []),
    ],
  );
  return withShape(drawn, shape);
}

/** The words of a key, and what is drawn from it: `jax.random.bits(jax.random.key(42), [4]) >> 9`. */
const KNOWN = { words: [0, 42], upper: [4099593, 5702552, 5169660, 4706144] } as const;

const asked = new WeakMap<object, Promise<boolean>>();
/** The backends that were found to draw the same. */
const right = new WeakSet();

/** Draws a few numbers on the device, and compares them with what is known. */
async function isRight(backend: object): Promise<boolean> {
  // WebGL 1 has no such integers, and some devices no textures of float32.
  const isAble = (): boolean =>
    env().getNumber("WEBGL_VERSION") >= 2 && env().getBool("WEBGL_RENDER_FLOAT32_ENABLED");
  if ("runWebGLProgram" in backend && !isAble()) return false;
  const gpu = backend as {
    read(dataId: object): Promise<ArrayLike<number>>;
    disposeData(dataId: object): void;
  };
  const drawn = run(backend, { kind: "uniform" }, KNOWN.words, [KNOWN.upper.length]);
  try {
    const values = await gpu.read(drawn.dataId);
    return KNOWN.upper.every((upper, i) => values[i] === upper * 2 ** -23);
  } finally {
    gpu.disposeData(drawn.dataId);
  }
}

/**
 * Whether the device in use draws the numbers that the processor does. The answer takes a read, so that it is
 * there later: until then everything is drawn on the processor.
 */
export function drawsOnDevice(): Promise<boolean> {
  const { backend } = engine();
  if (!isGpu(backend)) return Promise.resolve(false);
  const known = asked.get(backend);
  if (known) return known;
  // A device that fails here draws nothing.
  const answer = isRight(backend)
    .catch(() => false)
    .then((is) => {
      if (is) right.add(backend);
      return is;
    });
  asked.set(backend, answer);
  return answer;
}

/**
 * The numbers of a key, where the backend draws them itself and that is quicker.
 * @param least - The shortest draw that the device makes.
 */
export function drawnOnDevice(
  backend: object,
  draw: DeviceDraw,
  words: readonly [number, number],
  shape: readonly number[],
  least: number = LEAST,
): TensorInfo | undefined {
  if (sizeOf(shape) < least || !isGpu(backend)) return undefined;
  if (right.has(backend)) return run(backend, draw, words, shape);
  void drawsOnDevice();
  return undefined;
}
