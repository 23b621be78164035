// The tests that notice changes in a folder. They are those beside the code and those of its next users,
// without the few that take longer than all the others.
const core = "packages/nnx-core/src";
const graph = [
  `${core}/graph/!(deep|hostile|laws).test.ts`,
  `${core}/module/*.test.ts`,
  `${core}/ownership/scopes.test.ts`,
];
const checkpoint = "packages/checkpoint/src";
const training = "packages/training/src";
const tx = `${training}/transformations`;
const rnglib = "packages/rnglib/src";
const layers = "packages/layers/src";
const known = {
  [`${core}/graph`]: graph,
  [`${core}/state`]: [`${core}/state/*.test.ts`],
  [`${core}/filter`]: [`${core}/filter/*.test.ts`],
  [`${rnglib}/keys`]: [
    `${rnglib}/keys/!(statistics|properties).test.ts`,
    `${rnglib}/keys/wasm/kernels.test.ts`,
  ],
  [`${rnglib}/streams`]: [`${rnglib}/streams/*.test.ts`],
  [`${layers}/stochastic`]: [`${layers}/stochastic/*.test.ts`],
  // Browsers and other processes run code of their own, where no change is on.
  [checkpoint]: [
    `${checkpoint}/!(fuzz).test.ts`,
    `${checkpoint}/{format,read,transfer,values}/*.test.ts`,
    `${checkpoint}/storage/{in-turn,url}.test.ts`,
    `${checkpoint}/node/{file,node}.test.ts`,
  ],
  [`${training}/optimizer`]: [`${training}/optimizer/*.test.ts`, `${training}/{edges,options}.test.ts`],
  ...Object.fromEntries(
    ["rules", "wrappers"].map((name) => [
      `${tx}/${name}`,
      [`${tx}/${name}/*.test.ts`, `${tx}/transformations.test.ts`],
    ]),
  ),
  [`${tx}/parts`]: [`${tx}/{parts,rules,wrappers}/*.test.ts`, `${tx}/{transformations,applying}.test.ts`],
  [`${tx}/masks`]: [`${tx}/masks/*.test.ts`, `${tx}/rules/{rule-steps,rule-options}.test.ts`],
  [`${tx}/line-search`]: [
    `${tx}/{line-search,wrappers}/*.test.ts`,
    `${training}/optimizer/{corners,paths}.test.ts`,
  ],
  [tx]: [`${tx}/**/!(rules).test.ts`, `${training}/optimizer/!(places|json).test.ts`],
  [`${training}/tree`]: [`${training}/tree/*.test.ts`, `${training}/transformations/masks/*.test.ts`],
  ...Object.fromEntries(
    ["schedules", "losses", "metrics", "batches", "loop"].map((name) => [
      `${training}/${name}`,
      [`${training}/${name}/*.test.ts`, `${training}/{edges,options}.test.ts`],
    ]),
  ),
  [training]: [`${training}/**/!(jit|jit-control|places|json).test.ts`],
};

/** Code that runs in a browser alone. Tests run it in Chromium, as a bundle, where no change is on. */
export const leftOut = [`${checkpoint}/storage/indexed-db.ts`, `${checkpoint}/storage/opfs.ts`];

/** Globs of the tests for a folder or file; all tests of the package if nothing else is known to do. */
export function testsFor(folder, home) {
  const found = Object.keys(known).find((each) => `${folder}/`.startsWith(`${each}/`));
  return found ? known[found] : [`${home}/src/**/*.test.ts`];
}
