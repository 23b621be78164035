/**
 * @file Uses every topic. The entries of this package import this file for what it does, and bundlers
 * leave it out, because the package has no side effects by its own word. So programs that are not
 * bundled have all kernels, and those that are have the kernels of what they import. Only speed and
 * last bits depend on that.
 */
import { useKernels } from "./registry.ts";
import { allTopics } from "./topics/all-topics.ts";

for (const topic of allTopics) useKernels(topic);
