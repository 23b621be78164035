/**
 * @file Stands in the place of vitest in the tests that run in a browser. Only on webgpu it differs:
 * there `it` runs a test until what it read was true (`reads.ts`), and `expect` is silent before.
 */
import * as real from "vitest";
import { isGuessing, untilTrue } from "./reads.ts";

export * from "vitest";

type Body = (...args: unknown[]) => unknown;
const isOnGpu = real.inject("backend") === "webgpu";

const wrapped = (body: unknown): unknown =>
  typeof body === "function" ? (...args: unknown[]) => untilTrue(() => (body as Body)(...args)) : body;

/** `it`, `it.each`, `it.skipIf`, … with wrapped bodies. */
function around<F extends Body>(f: F): F {
  return new Proxy(f, {
    apply: (target, self, args: unknown[]) => {
      const result: unknown = Reflect.apply(target, self, args.map(wrapped));
      return typeof result === "function" ? around(result as Body) : result;
    },
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? around((value as Body).bind(target)) : value;
    },
  });
}

/** Takes the place of what `expect` returns: runs what it has to run, and compares nothing. */
function silent(actual: unknown): unknown {
  return new Proxy(() => {}, {
    get: (_, name) => {
      if (name === "rejects" || name === "resolves") return silentLater(actual);
      return name === "then" ? undefined : silent(actual);
    },
    apply: () => {
      if (typeof actual !== "function") return undefined;
      try {
        return (actual as Body)();
      } catch {
        return undefined;
      }
    },
  });
}

const silentLater = (actual: unknown): unknown =>
  new Proxy(() => {}, {
    get: (_, name) => (name === "then" ? undefined : silentLater(actual)),
    apply: async () => {
      try {
        await (typeof actual === "function" ? (actual as Body)() : actual);
      } catch {
        // What fails here fails in a later run, too.
      }
    },
  });

const expectOnGpu = new Proxy(real.expect, {
  apply: (target, self, args: unknown[]) =>
    isGuessing ? silent(args[0]) : (Reflect.apply(target, self, args) as unknown),
  get: (target, name) => {
    if (isGuessing && name === "fail") return () => {};
    return Reflect.get(target, name) as unknown;
  },
});

/** A hook has no parameters here: vitest reads the names of fixtures from them. */
const hook =
  (real: (body: () => Promise<void>, timeout?: number) => void) =>
  (body: unknown, timeout?: number): void =>
    real(() => untilTrue(body as () => unknown), timeout);

const of = <F>(f: F): F => (isOnGpu ? (around(f as Body) as F) : f);

export const it: typeof real.it = of(real.it);
export const test: typeof real.test = of(real.test);
export const beforeAll: typeof real.beforeAll = isOnGpu ? hook(real.beforeAll) : real.beforeAll;
export const beforeEach: typeof real.beforeEach = isOnGpu ? hook(real.beforeEach) : real.beforeEach;
export const expect: typeof real.expect = isOnGpu ? expectOnGpu : real.expect;
