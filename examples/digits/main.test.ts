import { spawn, spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";

const demo = (...args: string[]) =>
  spawnSync(process.execPath, ["scripts/run.mjs", "examples/digits/main.ts", ...args], {
    encoding: "utf8",
    input: "",
  });
const short = ["--epochs", "1", "--samples", "2"];

describe("npm run demo", () => {
  it("prints the same numbers for the same seed and backend", () => {
    const first = demo(...short);
    expect(first.stderr).toContain("epoch 1/1");
    expect(first.status).toBe(0);
    for (const part of [
      "hidden.kernel",
      "25864",
      "accuracy",
      "epistemic",
      "most certain",
      "least certain",
      "gradient",
    ]) {
      expect(first.stdout).toContain(part);
    }
    expect(demo(...short).stdout).toBe(first.stdout);
  });

  it("prints other numbers for another seed, and runs on wasm", () => {
    const { status, stdout } = demo(...short, "--seed", "1", "--backend", "wasm");
    expect(stdout).toContain("wasm backend");
    expect(status).toBe(0);
  });

  it("explains itself", () => {
    const { status, stdout } = demo("--help");
    expect(status).toBe(0);
    for (const flag of ["--epochs", "--rate", "--seed", "--backend", "--samples"])
      expect(stdout).toContain(flag);
  });

  it("answers a bad flag with one clear line and exit code 2", () => {
    const { status, stderr, stdout } = demo("--epochs", "0");
    expect(stderr).toMatch(/^error: .*'0' is invalid.*at least 1\.\n$/);
    expect(stdout).toBe("");
    expect(status).toBe(2);
  });

  it("shows the cursor again when Ctrl-C ends the training", async () => {
    const script = "examples/digits/test/on-a-terminal.ts";
    // Its own process group, because a terminal sends the signal to all processes of the command.
    const child = spawn(process.execPath, ["scripts/run.mjs", script, "--epochs", "1000"], {
      detached: true,
      timeout: 50_000,
    });
    let screen = "";
    let interrupted = false;
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      screen += text;
      if (interrupted || !/loss \d/.test(screen)) return;
      interrupted = true;
      process.kill(-(child.pid as number), "SIGINT");
    });
    await new Promise((resolve) => child.stderr.on("close", resolve));
    const [hide, show] = ["\x1B[?25l", "\x1B[?25h"];
    expect(screen).toContain(hide);
    expect(screen.lastIndexOf(show)).toBeGreaterThan(screen.lastIndexOf(hide));
  });
});
