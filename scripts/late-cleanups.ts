/**
 * @file Garbage of one test is freed between tests. What earlier tests dropped is collected whenever the engine
 * likes, so that a test that counts tensors over turns of the event loop would meet their tensors going.
 */

interface Tests {
  /** Which test runs, counted over all files of a process. */
  current: number;
  isRunning: boolean;
  /** Clean-ups that wait for the end of the test that runs. */
  readonly late: (() => void)[];
}

const key = Symbol.for("nnxjs tests");
const shared = globalThis as { [key]?: Tests };

/** Once in a process, whose files share what follows. */
function install(): Tests {
  const tests: Tests = { current: 0, isRunning: false, late: [] };
  const Native = FinalizationRegistry;
  globalThis.FinalizationRegistry = class<T> extends Native<T> {
    constructor(cleanUp: (held: T) => void) {
      super((held) => {
        const { from, value } = held as unknown as { from: number; value: T };
        if (tests.isRunning && from !== tests.current) tests.late.push(() => cleanUp(value));
        else cleanUp(value);
      });
    }
    override register(target: WeakKey, value: T, token?: WeakKey): void {
      super.register(target, { from: tests.current, value } as unknown as T, token);
    }
  };
  return tests;
}

shared[key] ??= install();
const tests = shared[key];

/** Before each test. */
export function beginTest(): void {
  tests.current++;
  tests.isRunning = true;
}

/** After each test. */
export function endTest(): void {
  tests.isRunning = false;
  for (const cleanUp of tests.late.splice(0)) cleanUp();
}
