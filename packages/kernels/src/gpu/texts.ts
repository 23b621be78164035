/** @file The words of programs for GPUs that GLSL and WGSL write differently. */
import { env } from "@tensorflow/tfjs-core";

const glsl: readonly (readonly [RegExp, string])[] = [
  [/\bvar_float\b/g, "float"],
  [/\bvar_int\b/g, "int"],
  [/\bvar_uint\b/g, "uint"],
  [/\bu32\(/g, "uint("],
  [/\bf32\(/g, "float("],
  [/\bi32\(/g, "int("],
  [/\bUNIFORM_/g, ""],
];
const wgsl: readonly (readonly [RegExp, string])[] = [
  [/\bvar_float\b/g, "var"],
  [/\bvar_int\b/g, "var"],
  [/\bvar_uint\b/g, "var"],
  [/\bINFINITY\b/g, "uniforms.INFINITY"],
  [/\bNAN\b/g, "uniforms.NAN"],
  [/\bUNIFORM_/g, "uniforms."],
];

const translated = (text: string, words: typeof glsl): string =>
  words.reduce((done, [word, meaning]) => done.replace(word, meaning), text);

/** A text as GLSL. WebGL 1 has a uniform for infinity. */
export const toGlsl = (text: string): string =>
  translated(
    text,
    env().getNumber("WEBGL_VERSION") === 1
      ? glsl
      : [...glsl, [/\bINFINITY\b/g, "uintBitsToFloat(0x7f800000u)"]],
  );

/** A text as WGSL. */
export const toWgsl = (text: string): string => translated(text, wgsl);

/** A number as both languages write one with a fraction. */
export const literal = (value: number): string =>
  Number.isInteger(value) && Math.abs(value) < 1e21 ? value.toFixed(1) : String(value);
