/** @file Loops at their edges: rates, bars of odd terminals, and what is no argument. */
import { stripVTControlCharacters } from "node:util";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, describe, expect, it, vi } from "vitest";
import { loop, pacer, type Progress } from "../index.ts";
import { progressBar, type Terminal } from "../progress.ts";
import { Meter } from "./meter.ts";

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const at = (step: number, more: Partial<Progress> = {}): Progress => ({
  step,
  total: 20,
  values: {},
  stepsPerSecond: 10,
  seconds: 1,
  secondsLeft: 2,
  ...more,
});

/** The last line that a bar draws. */
function drawn(terminal: Partial<Terminal>, progress: Progress, label?: string): string | undefined {
  const written: string[] = [];
  const stream = { isTTY: true, ...terminal, write: (text: string) => void written.push(text) };
  progressBar({ stream, ...(label === undefined ? {} : { label }) })(progress);
  return stripVTControlCharacters(written.join(""))
    .split("\n")
    .filter((text) => text !== "")
    .at(-1);
}
const cells = (text: string | undefined): number => (text ?? "").replaceAll(/[^━─]/g, "").length;
const full = (text: string | undefined): number => (text ?? "").replaceAll(/[^━]/g, "").length;

describe("a bar", () => {
  it("has 10 to 40 cells, whatever the terminal has", () => {
    expect(cells(drawn({ columns: 300 }, at(5)))).toBe(40);
    // Longer than the terminal is wide: the text goes on in the next line.
    expect(drawn({ columns: 30 }, at(5))).not.toContain("━");
    expect(cells(drawn({ columns: 40 }, at(5)))).toBe(10);
    expect(cells(drawn({ columns: 43 }, at(5)))).toBe(13);
    const text = "   5/20  10 steps/s  0:02 left";
    expect(drawn({ columns: 60 }, at(5))).toBe(`${"━".repeat(8)}${"─".repeat(22)}${text}`);
    // The label and a space take from the bar; a stream that does not say has 80 columns.
    expect(drawn({ columns: 60 }, at(5), "fit")).toBe(`fit ${"━".repeat(7)}${"─".repeat(19)}${text}`);
    expect(cells(drawn({}, at(5, { values: { loss: 0.1 } })))).toBe(40);
    expect(cells(drawn({}, at(5, { values: { a: 0.1, b: 0.2, c: 1234567 } })))).toBe(80 - 2 - 53);
  });

  it("is full at the end and beyond, and not there without a total", () => {
    for (const step of [20, 25])
      expect(full(drawn({ columns: 60 }, at(step)))).toBe(cells(drawn({ columns: 60 }, at(step))));
    expect(full(drawn({ columns: 60 }, at(0)))).toBe(0);
    expect(drawn({}, at(3, { total: 0 }))).toBe("3/0  10 steps/s  0:02 left");
    expect(drawn({}, at(3, { total: undefined }), "fit")).toBe("fit 3  10 steps/s  0:02 left");
  });

  it("shows the time that is left, or passed at the end and where nobody knows", () => {
    const time = (progress: Progress): string | undefined => drawn({}, progress)?.split("steps/s  ")[1];
    expect(time(at(5, { secondsLeft: 59.4 }))).toBe("0:59 left");
    expect(time(at(5, { secondsLeft: 59.6 }))).toBe("1:00 left");
    expect(time(at(5, { secondsLeft: 3599 }))).toBe("59:59 left");
    expect(time(at(5, { secondsLeft: 3600 }))).toBe("1:00:00 left");
    expect(time(at(5, { secondsLeft: 36_061 }))).toBe("10:01:01 left");
    expect(time(at(5, { secondsLeft: undefined, seconds: 7 }))).toBe("0:07");
    expect(time(at(20, { seconds: 61 }))).toBe("1:01");
  });

  it("draws to standard error unless told otherwise, and nothing where there is none", () => {
    const write = vi.fn();
    vi.stubGlobal("process", { ...process, stderr: { isTTY: true, columns: 60, write } });
    progressBar()(at(5));
    expect(write).toHaveBeenCalled();
    vi.stubGlobal("process", undefined);
    expect(() => progressBar()(at(5))).not.toThrow();
  });

  it("starts a line of its own for another loop", () => {
    const written: string[] = [];
    const show = progressBar({
      stream: { isTTY: true, columns: 60, write: (text) => void written.push(text) },
    });
    const erases = (): boolean => written.splice(0).join("").includes("\u001B[2K");
    show(at(1));
    erases();
    show(at(2));
    expect(erases()).toBe(true);
    show(at(2));
    expect(erases()).toBe(false);
    show(at(1));
    expect(erases()).toBe(false);
  });
});

describe("the rate", () => {
  it("is 0, and the time left unknown, until time passes", () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    const meter = new Meter(4);
    expect(meter.report(1, {})).toEqual({
      step: 1,
      total: 4,
      values: {},
      stepsPerSecond: 0,
      seconds: 0,
      secondsLeft: undefined,
    });
    vi.advanceTimersByTime(500);
    expect(meter.report(2, {})).toMatchObject({ stepsPerSecond: 4, seconds: 0.5, secondsLeft: 0.5 });
    expect(meter.report(4, {})).toMatchObject({ secondsLeft: 0 });
    expect(meter.report(5, {})).toMatchObject({ secondsLeft: 0 });
    expect(new Meter(0).report(0, {})).toMatchObject({ stepsPerSecond: 0, secondsLeft: 0 });
    const endless = new Meter(undefined);
    vi.advanceTimersByTime(1000);
    expect(endless.report(3, {})).toMatchObject({
      total: undefined,
      stepsPerSecond: 3,
      secondsLeft: undefined,
    });
  });

  it("is that of the last ten reports", () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    const meter = new Meter(100);
    let last: Progress | undefined;
    for (let i = 1; i <= 11; i++) {
      vi.advanceTimersByTime(i === 1 ? 10_000 : 1000);
      last = meter.report(i, {});
      if (i === 10) expect(last.stepsPerSecond).toBeCloseTo(10 / 19, 10);
    }
    expect(last?.stepsPerSecond).toBe(1);
  });
});

describe("pacer", () => {
  it("throws when the signal comes while the page has its turn", async () => {
    const stop = new AbortController();
    const pace = pacer({ yieldEvery: 0, signal: stop.signal });
    await pace();
    const waiting = pace();
    stop.abort(new Error("now"));
    await expect(waiting).rejects.toThrow("now");
  });

  it.each([Number.NaN, -1, "5", null])("refuses to yield every %s milliseconds", (yieldEvery) => {
    expect(() => pacer({ yieldEvery: yieldEvery as number })).toThrow(
      "pacer: expected yieldEvery to be a number of milliseconds",
    );
  });

  it.each([null, "stop", {}, 5])("refuses %j for a signal", (signal) => {
    expect(() => pacer({ signal: signal as never })).toThrow("pacer: expected signal to be an AbortSignal");
  });

  it("takes anything that throws when it is time", async () => {
    let isOver = false;
    const pace = pacer({
      signal: {
        throwIfAborted() {
          if (isOver) throw new Error("over");
        },
      },
    });
    await pace();
    isOver = true;
    await expect(pace()).rejects.toThrow("over");
  });
});

describe("loop", () => {
  it("shows each step, or the first and the last", async () => {
    const shown = async (showEvery: number, count: number): Promise<number[]> => {
      const steps: number[] = [];
      const batches = Array.from({ length: count }, (_, i) => i);
      await loop(batches, (x) => x, { showEvery, onProgress: ({ step }) => void steps.push(step) });
      return steps;
    };
    expect(await shown(1, 3)).toEqual([1, 2, 3]);
    expect(await shown(2, 5)).toEqual([1, 2, 4, 5]);
    expect(await shown(10, 10)).toEqual([1, 10]);
    expect(await shown(10, 1)).toEqual([1]);
  });

  it("takes the total of batches that know it, unless told another", async () => {
    const batches = (stepsLeft: unknown) => Object.assign([1, 2], { stepsLeft });
    const totalOf = async (stepsLeft: unknown, total?: number) =>
      (await loop(batches(stepsLeft), () => {}, total === undefined ? {} : { total })).total;
    expect(await totalOf(2)).toBe(2);
    expect(await totalOf(Infinity)).toBeUndefined();
    expect(await totalOf("2")).toBeUndefined();
    expect(await totalOf(2, 7)).toBe(7);
    expect(await totalOf(undefined, 0)).toBe(0);
  });

  it("ends with the values of the last step, and frees those before", async () => {
    const { numTensors } = tf.memory();
    const counts: number[] = [];
    const end = await loop([1, 2, 3], (x) => {
      counts.push(tf.memory().numTensors - numTensors);
      return { x: tf.scalar(x) };
    });
    expect(end.values).toEqual({ x: 3 });
    expect(counts).toEqual([0, 1, 1]);
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it("does not begin when the signal was there before", async () => {
    const step = vi.fn();
    const opened = vi.fn();
    const batches = {
      *[Symbol.iterator]() {
        opened();
        yield 1;
      },
    };
    await expect(loop(batches, step, { signal: AbortSignal.abort(new Error("before")) })).rejects.toThrow(
      "before",
    );
    expect([step.mock.calls.length, opened.mock.calls.length]).toEqual([0, 0]);
  });

  it.each<[readonly unknown[], string]>([
    [[null, () => {}], "loop: expected batches to go over, got null."],
    [["abc", () => {}], 'loop: expected batches to go over, got "abc".'],
    [[{}, () => {}], "loop: expected batches to go over, got an object with keys {}."],
    [[[1], () => {}, { showEvery: 0 }], "loop: expected showEvery to be a positive integer, got 0."],
    [[[1], () => {}, { showEvery: Infinity }], "loop: expected showEvery to be a positive integer"],
    [[[1], () => {}, { total: -1 }], "loop: expected total to be a number of steps, got -1."],
    [[[1], () => {}, { total: 1.5 }], "loop: expected total to be a number of steps, got 1.5."],
    [[[1], () => {}, { total: null }], "loop: expected total to be a number of steps, got null."],
    [[[1], () => {}, { onProgress: null }], "loop: expected onProgress to be a function, got null."],
  ])("refuses %#", async (given, message) => {
    await expect(Reflect.apply(loop, undefined, given)).rejects.toThrow(message);
  });

  it("takes one element of any rank for a scalar, and shows no empty tensor", async () => {
    const run = (shown: () => unknown) => loop([1], shown as () => tf.Tensor);
    expect((await run(() => tf.ones([1, 1, 1]))).values).toEqual({ loss: 1 });
    await expect(run(() => ({ a: tf.zeros([0]) }))).rejects.toThrow(
      "loop: expected a to be a scalar, got a float32[0].",
    );
    await expect(run(() => "text")).rejects.toThrow(
      'loop: expected a step to return scalars by name, got "text".',
    );
    expect((await run(() => null)).values).toEqual({});
  });
});
