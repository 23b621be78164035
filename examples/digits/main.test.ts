import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "digits-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** As `npm run demo` runs it: joined to one file by the first who does. */
const program = ["scripts/run-bundled.mjs", "examples/digits/main.ts"];

const node = (...args: string[]) => spawnSync(process.execPath, args, { encoding: "utf8", input: "" });
const demo = (...args: string[]) => node(...program, "--report", join(folder, "report.html"), ...args);
const short = ["--epochs", "1", "--samples", "2"];

/** Runs a program until it writes what matches, then sends a signal to it. */
async function stopped(args: string[], signal: NodeJS.Signals, when: RegExp) {
  // A group of its own, for a terminal sends the signal to all processes of the command.
  const child = spawn(process.execPath, args, {
    detached: true,
    timeout: 50_000,
  });
  let screen = "";
  let sent = false;
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    screen += text;
    if (sent || !when.test(screen)) return;
    sent = true;
    process.kill(-(child.pid as number), signal);
  });
  const ending = await new Promise((resolve) => child.on("close", (...how) => resolve(how)));
  return { screen, ending };
}

describe("npm run demo", () => {
  it("prints the same numbers for the same seed and backend", () => {
    const once = demo(...short);
    expect(once.stderr).toMatch(/^epoch 1\/1: loss \d\.\d{4}, accuracy \d\d\.\d\d %\n$/);
    expect(once.status).toBe(0);
    for (const part of [
      "hidden.kernel",
      "25864",
      "accuracy",
      "epistemic",
      "most certain",
      "least certain",
      "gradient",
    ]) {
      expect(once.stdout).toContain(part);
    }
    const page = join(folder, "report.html");
    expect(once.stdout.endsWith(`\nreport: ${page}\n`)).toBe(true);
    const html = readFileSync(page, "utf8");
    expect(demo(...short).stdout).toBe(once.stdout);
    expect(readFileSync(page, "utf8") === html).toBe(true);
  });

  it("prints other numbers for another seed, and runs on wasm", () => {
    const { status, stdout } = demo(...short, "--seed", "1", "--backend", "wasm");
    expect(stdout).toContain("wasm backend");
    expect(status).toBe(0);
  });

  it("explains itself", () => {
    const { status, stdout } = node(...program, "--help");
    expect(status).toBe(0);
    for (const flag of [
      "--epochs",
      "--rate",
      "--seed",
      "--backend",
      "--samples",
      "--save",
      "--resume",
      "--report",
    ])
      expect(stdout).toContain(flag);
  });

  it("answers a bad flag with one clear line and exit code 2", () => {
    const { status, stderr, stdout } = demo("--epochs", "0");
    expect(stderr).toMatch(/^error: .*'0' is invalid.*at least 1\.\n$/);
    expect(stdout).toBe("");
    expect(status).toBe(2);
  });

  it("leaves the cursor alone when Ctrl-C ends the training", async () => {
    const { screen, ending } = await stopped(
      ["scripts/run-bundled.mjs", "examples/digits/test/on-a-terminal.ts", "--epochs", "1000"],
      "SIGINT",
      /loss \d/,
    );
    expect(ending).toEqual([null, "SIGINT"]);
    expect(screen).toContain("epoch 1/1000 ━");
    expect(screen).not.toContain("\x1B[?25l");
  });
});

describe("npm run demo -- --save and --resume", () => {
  it("ends with the bits of a run that was never stopped, after one that was killed", async () => {
    const [whole, parts] = [join(folder, "whole.safetensors"), join(folder, "parts.safetensors")];
    const epochs = process.env.NNXJS_LONG ? "20" : "12";
    const flags = ["--epochs", epochs, "--samples", "2", "--backend", "wasm"];
    const uninterrupted = demo(...flags, "--save", whole);
    expect(uninterrupted.status).toBe(0);

    const killed = await stopped([...program, ...flags, "--save", parts], "SIGKILL", /epoch 2/);
    expect(killed.ending).toEqual([null, "SIGKILL"]);
    const resumed = demo(...flags, "--resume", parts, "--save", parts);
    expect(resumed.status).toBe(0);
    expect(resumed.stderr).toMatch(/^epoch \d+\/\d+: loss/);
    expect(uninterrupted.stderr.endsWith(resumed.stderr)).toBe(true);
    expect(resumed.stdout).toBe(uninterrupted.stdout);
    // Model, optimizer, metrics and place in the data: the same values make the same file.
    expect(readFileSync(parts).equals(readFileSync(whole))).toBe(true);

    // Nothing is left to train: the numbers are those of the checkpoint.
    expect(demo(...flags, "--resume", parts)).toMatchObject({ stderr: "", stdout: resumed.stdout });
    // With another seed these would be numbers of no run at all.
    const other = demo(...flags, "--resume", parts, "--seed", "1");
    expect(other.stderr).toBe("error: --resume: expected a run with --seed 1, got 0.\n");
    expect(other).toMatchObject({ stdout: "", status: 2 });
  }, 180_000);

  it("answers a file that is no checkpoint with one clear line", () => {
    const { status, stderr, stdout } = demo("--resume", "package.json");
    expect(stderr).toMatch(/^error: .*package\.json.*\n$/);
    expect(stdout).toBe("");
    expect(status).toBe(2);
  });
});
