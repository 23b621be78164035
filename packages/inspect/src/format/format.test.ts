import { describe, expect, it } from "vitest";
import { decode, encode } from "./codec.ts";
import { withDeltas, withoutDeltas } from "./deltas.ts";
import type { ReportData } from "./report-data.ts";
import { pack, unpack } from "./text.ts";

const data = {
  text: "a </script> & ü ✓",
  numbers: [0, -1.5, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  nested: { bytes: Int8Array.of(-128, 0, 127), few: Uint8Array.of(255), none: new Float32Array(0) },
  list: [{ floats: Float32Array.of(0.1, Number.NaN, -0) }, null, true],
};

describe("data of a report as text", () => {
  it("come back as they were, arrays of numbers and what JSON lacks included", async () => {
    const text = await pack(encode(data));
    expect(text).toMatch(/^[A-Za-z0-9+/]+=*$/);
    expect(decode(await unpack(text))).toEqual(data);
  });

  it("go through base64 whatever their length", async () => {
    for (const length of [0, 1, 2, 3, 100_001]) {
      // Noise does not compress, so that more than one piece is written.
      const bytes = Uint8Array.from({ length }, (_, i) => (Math.imul(i + 1, 2_654_435_761) >>> 24) & 255);
      expect(await unpack(await pack(bytes))).toEqual(bytes);
    }
  });

  it("frames are the same after differences were taken and added, where these leave 8 bits, too", () => {
    const cells = Int8Array.of(-128, 127, 5, 127, -128, 6, -128, 127, -100);
    const series = { frames: { shape: [3], block: [1], scale: 1, cells } };
    const report = { history: { steps: [0, 1, 2], series: [series] } } as unknown as ReportData;
    const differences = withDeltas(report);
    expect([...(differences.history?.series[0]?.frames.cells ?? [])].slice(0, 6)).toEqual([
      -128, 127, 5, -1, 1, 1,
    ]);
    expect(withoutDeltas(differences)).toEqual(report);
  });
});
