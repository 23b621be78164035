/** @file A run that was killed and goes on in another process ends as if nothing had happened. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { child } from "../../test/child.ts";

const folder = mkdtempSync(join(tmpdir(), "nnx-stop-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe.concurrent.each(["cpu", "wasm"])("on %s, a run that is killed after it saved step 37", (backend) => {
  it("goes on from there to step 60 with the same losses, metrics and bits", async () => {
    const path = (name: string) => join(folder, `${backend}-${name}.safetensors`);
    const whole = await child("stop-at-37", [backend, "0", path("whole"), "whole"]);
    expect(whole).toMatchObject({ code: 0, signal: null });
    expect(whole.lines).toHaveLength(60);

    const killed = await child("stop-at-37", [backend, "0", path("none"), "stop", path("37")], {
      onLine: (line, program) => {
        if (line.startsWith("39 ")) program.kill("SIGKILL");
      },
    });
    expect(killed).toMatchObject({ code: null, signal: "SIGKILL" });
    expect(killed.lines.slice(0, 39)).toEqual(whole.lines.slice(0, 39));

    // Made from another seed: whatever is not restored differs.
    const resumed = await child("stop-at-37", [backend, "5", path("resumed"), "resume", path("37")]);
    expect(resumed).toMatchObject({ code: 0, signal: null });
    expect(resumed.lines).toEqual(whole.lines.slice(37));
    expect(readFileSync(path("resumed")).equals(readFileSync(path("whole")))).toBe(true);
  }, 180_000);
});
