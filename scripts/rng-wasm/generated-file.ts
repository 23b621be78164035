/** @file The text of kernels.generated.ts. */
import { normalKernel, probitKernel } from "./erf-inv-kernel.ts";
import { bernoulliKernel, bitsKernel, maskScaleKernel, uniformKernel } from "./hash-kernel.ts";
import { randintKernel } from "./randint-kernel.ts";
import { encodeModule, type WasmFunction } from "../wasm-emitter/module.ts";
import { textOf } from "../wasm-emitter/text.ts";

const kernels: Readonly<Record<string, () => WasmFunction>> = {
  bits: bitsKernel,
  uniform: uniformKernel,
  bernoulli: bernoulliKernel,
  maskScale: maskScaleKernel,
  normal: normalKernel,
  probit: probitKernel,
  randint: randintKernel,
};

/** All kernels share one page of memory. */
const onePage = { least: 1, most: 1 };

/** Each kernel as a module, by name. */
export const kernelModules = (): ReadonlyMap<string, Uint8Array<ArrayBuffer>> =>
  new Map(Object.entries(kernels).map(([name, make]) => [name, encodeModule({ f: make() }, onePage)]));

/** The whole file, as it is committed. Each kernel is an export, so that bundles have what they use. */
export function generatedFile(): string {
  const entries = [...kernelModules()].map(
    ([name, bytes]) =>
      `\n/** ${bytes.length} bytes. */\nexport const ${name}: string =\n  "${textOf(bytes)}";\n`,
  );
  return `/** @file WebAssembly modules as text. Generated: node scripts/run.mjs scripts/emit-rng-wasm.ts */\n${entries.join("")}`;
}
