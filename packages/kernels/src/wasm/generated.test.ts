import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import {
  allModules,
  bytesOf,
  generatedFile,
  generatedPlace,
} from "../../../../scripts/kernels-wasm/all-modules.ts";
import { textOf } from "../../../../scripts/wasm-emitter/text.ts";
import { bytesIn } from "./module.ts";
import { useRelaxedSimd } from "./relaxed.ts";

it.each(Object.keys(allModules))("%s.generated.ts is what the emitter writes, byte for byte", (name) => {
  expect(readFileSync(generatedPlace(name), "utf8")).toBe(generatedFile(name));
});

it.each(Object.keys(allModules))("%s is a valid module of less than 4 KB", (name) => {
  // relaxed.test.ts runs these in an engine that has what they need.
  const isKnown = !name.startsWith("relaxed") || useRelaxedSimd(false);
  expect(WebAssembly.validate(bytesOf(name))).toBe(isKnown);
  // Chrome 91 to 114 compile at most this much synchronously on the main thread.
  expect(bytesOf(name).length).toBeLessThan(4096);
});

const everyByte = Uint8Array.from({ length: 256 }, (_, i) => i);

it("every byte comes back from its text", () => {
  expect(new Uint8Array(bytesIn({ text: textOf(everyByte) }))).toEqual(everyByte);
});

it.each(Object.keys(allModules))("the text of %s is its bytes, and may stand in any script", (name) => {
  const text = textOf(bytesOf(name));
  expect(new Uint8Array(bytesIn({ text }))).toEqual(bytesOf(name));
  expect(text).not.toMatch(/["\\]|[^!-~]|<\/script|<!--/i);
});
