/** @file All topics, in one table. */
import { activations } from "./activations.ts";
import { choices, masks } from "./choices.ts";
import { core } from "./core.ts";
import { entropies, normalisations, rows, softmax } from "./rows.ts";
import { convolutions, pools } from "./spatial.ts";
import type { Topic } from "./topic.ts";

/** Every topic, the core first. */
export const allTopics: readonly Topic[] = [
  core,
  activations,
  choices,
  masks,
  softmax,
  entropies,
  normalisations,
  rows,
  convolutions,
  pools,
];
