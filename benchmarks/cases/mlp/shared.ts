/** @file An MLP 784-512-256-10 on a batch of 128. */

export const BATCH = 128;
export const SIZES = [784, 512, 256, 10] as const;
export const RATE = 0.5;
export const MLP = "MLP";
export const DROP_CONNECT = "MLP, DropConnect";

/** The layers: their paths and the shapes of their kernels. */
export const LAYERS = ["hidden.0", "hidden.1", "out"].map(
  (path, i) => [path, [SIZES[i]!, SIZES[i + 1]!]] as const,
);
