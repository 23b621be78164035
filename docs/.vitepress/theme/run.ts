/** @file Runs an example in the page: on wasm where the browser has it, else on cpu. */
import * as cpu from "@tensorflow/tfjs-backend-cpu";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import wasmPlain from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url";
import wasmSimd from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url";
import wasmThreads from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url";
import * as tf from "@tensorflow/tfjs-core";
import * as nnx from "@nnxjs/nnx";
import { transform } from "sucrase";
import { pictureOf } from "./picture.ts";

/** One thing that an example printed. */
export interface Shown {
  readonly kind: "text" | "error";
  readonly text: string;
  /** A tensor as an image, as the address of its data. */
  readonly picture?: string | undefined;
}

/** What examples import. The backend is there already. */
const modules: Readonly<Record<string, () => unknown>> = {
  "@nnxjs/nnx": () => nnx,
  "@nnxjs/testing": () => import("@nnxjs/testing"),
  "@tensorflow/tfjs-backend-cpu": () => cpu,
  "@tensorflow/tfjs-backend-wasm": () => ({}),
  "@tensorflow/tfjs-core": () => tf,
  "fast-check": () => import("fast-check"),
};

let ready: Promise<void> | undefined;

async function start(): Promise<void> {
  tf.enableProdMode();
  setWasmPaths({
    "tfjs-backend-wasm.wasm": wasmPlain,
    "tfjs-backend-wasm-simd.wasm": wasmSimd,
    "tfjs-backend-wasm-threaded-simd.wasm": wasmThreads,
  });
  const isThere = await tf.setBackend("wasm").catch(() => false);
  if (!isThere) await tf.setBackend("cpu");
  await tf.ready();
}

const plainText = (value: unknown): string => String(value);

function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  if (value instanceof tf.Tensor) return value.toString();
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (typeof value === "object" && value !== null) {
    if (Object.getPrototypeOf(value) !== Object.prototype && !Array.isArray(value)) return plainText(value);
    try {
      return JSON.stringify(
        value,
        (_key, each: unknown) => (each instanceof tf.Tensor ? String(each) : each),
        1,
      );
    } catch {
      return plainText(value);
    }
  }
  return plainText(value);
}

/**
 * Expressions whose values the text tells are printed, with their values here. So are the messages of
 * those that the text says throw.
 */
const withValues = (code: string): string =>
  code
    .replace(
      /^([ \t]*)(?!const |let |return |\/\/)(\S.*?);\n[ \t]*\/\/ throws .+$/gm,
      "$1try { await ($2); } catch (error) { console.log(error); }",
    )
    .replace(/^(\s*)(?!const |let |return |\/\/)(\S.*?);[ \t]*\/\/ => (.+)$/gm, "$1console.log($2);");

type Compiled = (modules: Record<string, unknown>, console: unknown) => Promise<void>;

/** The example as a function. Sucrase takes the types out; imports become look-ups. */
function compiled(code: string): Compiled {
  const { code: plain } = transform(withValues(code), {
    transforms: ["typescript"],
    disableESTransforms: true,
  });
  const body = plain
    .replace(/^import \* as (\w+) from "([^"]+)";?/gm, 'const $1 = modules["$2"];')
    .replace(/^import \{([^}]*)\} from "([^"]+)";?/gm, (_all, names: string, from: string) => {
      return `const {${names.replaceAll(" as ", ": ")}} = modules["${from}"];`;
    })
    .replace(/^import (\w+) from "([^"]+)";?/gm, 'const { default: $1 } = modules["$2"];')
    .replace(/^import "[^"]+";?/gm, "");
  // The reader's own code, in the reader's own page.
  // oxlint-disable-next-line typescript/no-implied-eval -- it is what the page is for
  return new Function("modules", "console", `return (async () => {\n${body}\n})();`) as Compiled;
}

/** Runs code, and returns whether it failed. */
export async function runExample(code: string, show: (shown: Shown) => void): Promise<boolean> {
  const print = (...values: readonly unknown[]): void =>
    show({
      kind: "text",
      text: values.map(textOf).join(" "),
      picture: values
        .map((value) => (value instanceof tf.Tensor ? pictureOf(value) : undefined))
        .find(Boolean),
    });
  try {
    ready ??= start();
    await ready;
    const names = Array.from(
      code.matchAll(/^import\s(?:[^"]* from )?"([^"]+)";/gm),
      ([, name]) => name as string,
    );
    const loaded = await Promise.all(
      [...new Set(names)].map(async (name) => [name, await modules[name]?.()] as const),
    );
    const console = { log: print, info: print, warn: print, error: print, table: print };
    await compiled(code)(Object.fromEntries(loaded), console);
    return false;
  } catch (error) {
    show({ kind: "error", text: textOf(error) });
    return true;
  }
}
