/** @file The command line: flags, their ranges, and `--help`. */
import { parseArgs } from "node:util";

export interface Options {
  readonly rate: number;
  readonly steps: number;
  readonly samples: number;
  readonly seed: number;
  readonly out: string;
}

export const HELP = `Usage: node scripts/run.mjs examples/two-moons/main.ts [options]

Train four classifiers on two moons and draw how sure they are.

  --rate <p>      share that Dropout and DropConnect drop (0.25)
  --steps <n>     training steps (600)
  --samples <n>   stochastic passes (100)
  --seed <n>      seed of data, weights and masks (0)
  --out <file>    where the picture goes (two-moons.svg)
  --help          show this
`;

const DEFAULTS = { rate: "0.25", steps: "600", samples: "100", seed: "0", out: "two-moons.svg" } as const;

/** @returns null for `--help`. @throws Error with one line that names the bad flag. */
export function parseOptions(args: readonly string[]): Options | null {
  const string = { type: "string" } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      rate: string,
      steps: string,
      samples: string,
      seed: string,
      out: string,
      help: { type: "boolean" },
    },
  });
  if (values.help) return null;
  const given = { ...DEFAULTS, ...values };
  return {
    rate: number("--rate", given.rate, (p) => p > 0 && p < 1, "a number between 0 and 1"),
    steps: number("--steps", given.steps, (n) => Number.isSafeInteger(n) && n > 0, "a positive integer"),
    samples: number(
      "--samples",
      given.samples,
      (n) => Number.isSafeInteger(n) && n > 0,
      "a positive integer",
    ),
    seed: number("--seed", given.seed, (n) => Number.isSafeInteger(n) && n >= 0, "an integer of at least 0"),
    out: given.out,
  };
}

function number(flag: string, text: string, fits: (value: number) => boolean, expected: string): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (fits(value)) return value;
  throw new Error(`${flag}: expected ${expected}, got ${JSON.stringify(text)}.`);
}
