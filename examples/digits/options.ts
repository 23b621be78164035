/** @file The command line: flags, their ranges, and `--help`. */
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";

export interface Options {
  readonly epochs: number;
  readonly rate: number;
  readonly seed: number;
  readonly backend: "cpu" | "wasm";
  readonly samples: number;
  readonly save?: string;
  readonly resume?: string;
  readonly report: string;
}

function integer(min: number) {
  return (text: string): number => {
    const value = Number(text);
    if (/^-?\d+$/.test(text) && Number.isSafeInteger(value) && value >= min) return value;
    throw new InvalidArgumentError(`Expected an integer of at least ${min}.`);
  };
}

function rate(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value >= 0 && value < 1) return value;
  throw new InvalidArgumentError("Expected a number from 0 to below 1.");
}

function inFolder(path: string): string {
  if (path !== "" && existsSync(dirname(path))) return path;
  throw new InvalidArgumentError("Expected a file in a folder that is there.");
}

function existing(path: string): string {
  if (existsSync(path)) return path;
  throw new InvalidArgumentError("Expected a file that is there.");
}

/**
 * @throws CommanderError after printing one line on stderr. Its `exitCode` is 0 for `--help` and 2
 * for bad flags.
 */
export function parseOptions(args: readonly string[]): Options {
  return new Command("npm run demo --")
    .description("Train a DropConnect classifier on real hand-written digits 0-7 and ask it about 8 and 9.")
    .option("--epochs <n>", "passes over the training images", integer(1), 40)
    .option("--rate <p>", "share of weights that DropConnect drops", rate, 0.25)
    .option("--seed <n>", "seed of weights, masks and the order of images", integer(0), 0)
    .addOption(
      new Option("--backend <name>", "where tensors are computed").choices(["cpu", "wasm"]).default("cpu"),
    )
    .option("--samples <n>", "stochastic passes for the uncertainties", integer(2), 100)
    .option("--save <file>", "write a checkpoint after each epoch", inFolder)
    .option("--resume <file>", "go on from a checkpoint; the same flags give the same numbers", existing)
    .option("--report <file>", "where to write a page about the run", inFolder, "report.html")
    .allowExcessArguments(false)
    .configureOutput({ outputError: (message, write) => write(`${message.replaceAll("\n", " ").trim()}\n`) })
    .exitOverride((error) => {
      if (error.exitCode !== 0) error.exitCode = 2;
      throw error;
    })
    .parse(args, { from: "user" })
    .opts<Options>();
}
