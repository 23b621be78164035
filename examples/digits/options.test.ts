import type { CommanderError } from "commander";
import { describe, expect, it, vi } from "vitest";
import { parseOptions } from "./options.ts";

/** The printed text and the exit code. */
function refused(args: readonly string[]): { exitCode: number; printed: string } {
  const printed: string[] = [];
  const write = vi
    .spyOn(process.stderr, "write")
    .mockImplementation((text) => printed.push(String(text)) > 0);
  try {
    parseOptions(args);
    return { exitCode: 0, printed: "" };
  } catch (error) {
    return { exitCode: (error as CommanderError).exitCode, printed: printed.join("") };
  } finally {
    write.mockRestore();
  }
}

describe("parseOptions", () => {
  it("has defaults", () => {
    expect(parseOptions([])).toEqual({
      epochs: 40,
      rate: 0.25,
      seed: 0,
      backend: "cpu",
      samples: 100,
      report: "report.html",
    });
  });

  it("takes every flag", () => {
    const args =
      "--epochs 3 --rate 0 --seed 7 --backend wasm --samples 9 --save a --resume package.json --report b";
    expect(parseOptions(args.split(" "))).toEqual({
      epochs: 3,
      rate: 0,
      seed: 7,
      backend: "wasm",
      samples: 9,
      save: "a",
      resume: "package.json",
      report: "b",
    });
  });

  it.each([
    [["--epochs", "0"], /'0' is invalid.*at least 1/],
    [["--epochs", "1.5"], /'1.5' is invalid.*integer/],
    [["--rate", "1"], /'1' is invalid.*from 0 to below 1/],
    [["--rate", ""], /'' is invalid/],
    [["--seed", "one"], /'one' is invalid/],
    [["--backend", "gpu"], /'gpu' is invalid.*cpu, wasm/],
    [["--samples"], /argument missing/],
    [["--save", "no/such/folder/run.safetensors"], /a folder that is there/],
    [["--resume", "no-such-file"], /'no-such-file' is invalid.*a file that is there/],
    [["--speed", "9"], /unknown option '--speed'/],
    [["extra"], /too many arguments/],
  ])("answers %j with one clear line and exit code 2", (args, line) => {
    const { exitCode, printed } = refused(args);
    expect(printed).toMatch(line);
    expect(printed.trimEnd().split("\n")).toHaveLength(1);
    expect(exitCode).toBe(2);
  });
});
