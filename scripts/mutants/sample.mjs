// Which changes are tried: all, or a share of them that the seed chooses, whatever file they are in.
// NNXJS_MUTANT_SHARE=0.2 NNXJS_MUTANT_SEED=3 npm run mutate -- packages/checkpoint/src
import { createHash } from "node:crypto";

const share = Number(process.env.NNXJS_MUTANT_SHARE ?? 1);
const seed = process.env.NNXJS_MUTANT_SEED ?? "0";

/** Why a change was not tried. */
export const leftOutOfSample = "not in the sample";

export function isInSample({ fileName, mutatorName, location, replacement }) {
  const text = JSON.stringify([seed, fileName, mutatorName, location, replacement]);
  return createHash("sha256").update(text).digest().readUInt32BE() < share * 2 ** 32;
}

/** Marks those of a report that were not in the sample. No test was asked about those that none reaches. */
export function leaveOutOfSample({ files }) {
  for (const [fileName, { mutants }] of Object.entries(files))
    for (const mutant of mutants)
      if (
        mutant.statusReason === leftOutOfSample ||
        (mutant.status === "NoCoverage" && !isInSample({ ...mutant, fileName }))
      )
        Object.assign(mutant, { status: "Ignored", statusReason: leftOutOfSample });
}
