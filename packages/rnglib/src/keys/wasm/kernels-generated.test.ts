import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { generatedFile, kernelModules } from "../../../../../scripts/rng-wasm/generated-file.ts";
import { textOf } from "../../../../../scripts/wasm-emitter/text.ts";
import * as modules from "./kernels.generated.ts";
import { bytesIn } from "./kernels.ts";
import { CHUNK, OUT, SOURCE } from "./layout.ts";

describe("kernels.generated.ts", () => {
  it("is what the emitter writes, byte for byte", () => {
    expect(readFileSync(new URL("kernels.generated.ts", import.meta.url), "utf8")).toBe(generatedFile());
  });

  it.each([...kernelModules()])("has %s as a valid module of less than 4 KB", (name, bytes) => {
    const text = textOf(bytes);
    expect(new Map(Object.entries(modules)).get(name)).toBe(text);
    expect(new Uint8Array(bytesIn(text))).toEqual(bytes);
    expect(text).not.toMatch(/["\\]|[^!-~]|<\/script|<!--/i);
    expect(WebAssembly.validate(bytes)).toBe(true);
    // Chrome 91 to 114 compile at most this much synchronously on the main thread.
    expect(bytes.length).toBeLessThan(4096);
  });

  it("has room for both buffers in its one page", () => {
    expect(SOURCE).toBeGreaterThanOrEqual(OUT + 4 * CHUNK);
    expect(SOURCE + 4 * CHUNK).toBeLessThanOrEqual(65536);
    expect(CHUNK % 16).toBe(0);
  });
});
