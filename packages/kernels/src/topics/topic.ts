/** @file What kernels are for: a bundle has those of the topics that its program uses. */
import type { KernelConfig } from "@tensorflow/tfjs-core";
import type { Mend } from "../mend.ts";

/** Kernels that are registered together. They are made on first use: a bundler drops what is unused. */
export interface Topic {
  /** Replacements of kernels that are right but slow. */
  readonly quick?: () => readonly Mend[];
  /** Kernels that tensorflow.js does not have. */
  readonly own?: () => readonly KernelConfig[];
  /** Gives kernels of other topics a part that they do without where this topic is not in use. */
  readonly also?: () => void;
}
