/** @file A progress bar that always shows the cursor again, however the work ends. */
import { SingleBar } from "cli-progress";

/** The exit codes of programs that a signal ended. */
const signals = { SIGINT: 130, SIGTERM: 143 } as const;

/** Shows a bar while `work` runs. Ctrl-C removes the bar and ends the program. */
export async function withBar<T>(
  format: string,
  total: number,
  payload: object,
  work: (bar: SingleBar) => Promise<T>,
): Promise<T> {
  const bar = new SingleBar({ format, hideCursor: true, noTTYOutput: true, notTTYSchedule: 5000 });
  const handlers = Object.entries(signals).map(([signal, code]) => {
    const handler = (): void => {
      bar.stop();
      process.exit(code);
    };
    process.once(signal, handler);
    return [signal, handler] as const;
  });
  bar.start(total, 0, payload);
  try {
    return await work(bar);
  } finally {
    bar.stop();
    for (const [signal, handler] of handlers) process.off(signal, handler);
  }
}
