// Compares the packages' exports and their signatures with api/*.api.md. With --update it writes
// these files. Reads the declarations that `npm run build` writes.
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { CompilerState, Extractor, ExtractorConfig } from "@microsoft/api-extractor";

const update = process.argv.includes("--update");
const root = resolve(import.meta.dirname, "..");
const reports = join(root, "api");
const current = join(root, "node_modules/.cache/api");
for (const folder of [reports, current]) mkdirSync(folder, { recursive: true });

const compilerOptions = {
  target: "es2022",
  lib: ["es2022", "esnext.disposable", "dom"],
  module: "nodenext",
  types: [],
  strict: true,
  skipLibCheck: true,
};
const silent = { default: { logLevel: "none" } };
// Types that occur in signatures but are not exported.
const intoReport = { logLevel: "none", addToApiReportFile: true };

/** The entries of a package that users import, in the form that api-extractor needs. */
function configsOf(name) {
  const projectFolder = join(root, "packages", name);
  const packageJsonFullPath = join(projectFolder, "package.json");
  const entries = Object.entries(JSON.parse(readFileSync(packageJsonFullPath, "utf8")).exports);
  return entries
    .filter(([entry, forms]) => entry !== "./internal" && typeof forms !== "string")
    .map(([entry, { types }]) => {
      const mainEntryPointFilePath = join(projectFolder, types);
      const configObject = {
        projectFolder,
        mainEntryPointFilePath,
        compiler: { overrideTsconfig: { compilerOptions, files: [mainEntryPointFilePath] } },
        apiReport: {
          enabled: true,
          reportFileName: `${name}${entry.slice(1).replaceAll("/", "-")}.api.md`,
          reportFolder: reports,
          reportTempFolder: current,
        },
        newlineKind: "lf",
        messages: {
          compilerMessageReporting: silent,
          extractorMessageReporting: { ...silent, "ae-forgotten-export": intoReport },
          tsdocMessageReporting: silent,
        },
      };
      return ExtractorConfig.prepare({ configObject, packageJsonFullPath });
    });
}

const configs = readdirSync(join(root, "packages")).flatMap(configsOf);
// One program for all entries, because reading tensorflow.js's declarations takes most of the time.
const compilerState = CompilerState.create(configs[0], {
  additionalEntryPoints: configs.map((config) => config.mainEntryPointFilePath),
});

/** Whether the exports of an entry differ from its report. */
function differs(config) {
  const messageCallback = (message) => {
    message.handled = true;
  };
  const result = Extractor.invoke(config, { compilerState, localBuild: update, messageCallback });
  return result.apiReportChanged;
}

const changed = configs.filter(differs).map(({ reportFilePath }) => basename(reportFilePath));
for (const file of changed)
  console.log(`api/${file}: ${update ? "written" : "differs from what is exported"}`);
console.log(
  `api: ${configs.length} entries, ${changed.length} ${update ? "reports written" : "that differ"}`,
);
if (!update && changed.length > 0) {
  console.log(
    "`npm run api` writes the reports anew. Review them, and describe what users notice in a changeset.",
  );
  process.exitCode = 1;
}
