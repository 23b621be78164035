/** @file The cases. Each has a folder with one file for each library that can do it. */
import { names as layers } from "./layers/shared.ts";

/** Some things to measure, whose files are in the folder `cases/NAME`. */
export interface Group {
  readonly name: string;
  readonly title: string;
  /** The names that a library's file may have. */
  readonly entries: readonly string[];
  /** Entries whose step takes stock tensorflow.js seconds on cpu: `--short` leaves it out there. */
  readonly slow?: readonly string[];
  /** The share of an entry in the time of `--short`: about the seconds that all peers need. */
  readonly share: number;
  /** Whether a library does all entries in one process. Elsewhere each has processes of its own. */
  readonly areSmall?: true;
}

export const GROUPS: readonly Group[] = [
  {
    name: "mlp",
    share: 18,
    title: "A step of training: MLP 784-512-256-10, batch 128, dropout 0.5, Adam",
    entries: ["MLP", "MLP, DropConnect"],
  },
  {
    name: "conv",
    share: 18,
    title: "A step of training: 28 × 28 × 1, convolutions of 16 and 32 filters, max pools, batch 32, Adam",
    entries: ["conv net"],
    slow: ["conv net"],
  },
  {
    name: "transformer",
    share: 16,
    title:
      "A step of training: transformer block 8 × 64 × 128, causal, 4 heads, feed-forward 512, gelu, Adam",
    entries: ["transformer block"],
    slow: ["transformer block"],
  },
  {
    name: "lstm",
    share: 16,
    title: "Value and gradients: LSTM of 64 units, 64 steps, batch 8",
    entries: ["LSTM"],
  },
  {
    name: "small",
    share: 10,
    title: "A step of training: 20 dense layers of width 4, batch 4, Adam",
    entries: ["20 layers of width 4"],
  },
  { name: "adam", share: 6, title: "An update by Adam alone", entries: ["Adam, 536 k parameters"] },
  {
    name: "products",
    share: 2,
    title: "A product of matrices (N as it is, T transposed)",
    entries: ["512³ NN", "512³ NT", "512³ TN", "512³ TT"],
    areSmall: true,
  },
  {
    name: "random",
    share: 3,
    title: "Random numbers",
    entries: ["randint, 1M", "permutation, 1M"],
    areSmall: true,
  },
  {
    name: "layers",
    share: 2.5,
    title: "Value and gradients of one layer",
    entries: layers,
    areSmall: true,
    slow: ["Conv 3×3", "depthwise", "ConvTranspose", "Embed"],
  },
];
