// The tests that notice changes in a folder. They are those beside the code and those of its next users,
// without the few that take longer than all the others.
const core = "packages/nnx-core/src";
const graph = [
  `${core}/graph/!(deep|hostile|laws).test.ts`,
  `${core}/{state,filter,module,undo}/*.test.ts`,
  `${core}/*.test.ts`,
];
const besides = {
  [`${core}/graph`]: graph,
  [`${core}/state`]: graph,
  [`${core}/filter`]: [`${core}/filter/*.test.ts`],
};

/** Globs of the tests for a folder; all tests of the package if nothing else is known to do. */
export function testsFor(folder, home) {
  const known = Object.keys(besides).find((each) => `${folder}/`.startsWith(`${each}/`));
  return known ? besides[known] : [`${home}/src/**/*.test.ts`];
}
