// Runs in the worker of vitest. After the tests ran once it stays, and runs tests for one mutant after
// the other in the same process.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { inject, TestRunner } from "vitest";

const vitestHome = createRequire(`${process.cwd()}/package.json`).resolve("vitest/package.json");
const { startTests } = await import(pathToFileURL(createRequire(vitestHome).resolve("@vitest/runner")).href);

// Stryker's instrumented code keeps its coverage, and the mutant that is on, here.
globalThis.__stryker__ ??= {};
const stryker = globalThis.__stryker__;

function idOf(test) {
  const names = [];
  for (let task = test; task && !task.filepath; task = task.suite) names.unshift(task.name);
  return `${test.file.filepath}#${names.join(" > ")}`;
}

const testsOf = (task) => (task.type === "suite" ? task.tasks.flatMap(testsOf) : [task]);
const messageOf = (task) => task.result?.errors?.[0]?.message ?? "failed";

/** Skips all tests but these, and suites without any of them. */
function keepOnly(task, wanted) {
  let isWanted = false;
  for (const child of task.tasks) {
    const keep = child.type === "suite" ? keepOnly(child, wanted) : wanted.has(idOf(child));
    if (keep) isWanted = true;
    else child.mode = "skip";
  }
  return isWanted;
}

export default class ResidentWorker extends TestRunner {
  #files = [];
  #times = new Map();
  /** What to run now, for a mutant: its id, the tests, and the first that failed. */
  #now;

  onBeforeTryTask(test) {
    super.onBeforeTryTask(test);
    if (this.#now === undefined) stryker.currentTestId = idOf(test);
  }

  async onBeforeRunTask(test) {
    if (this.#now ? this.#now.failed : inject("isLoadedOnly")) test.mode = "skip";
    await super.onBeforeRunTask(test);
    if (this.#now && test.mode !== "skip") this.#now.ran += 1;
  }

  onAfterRunTask(test) {
    super.onAfterRunTask(test);
    stryker.currentTestId = undefined;
    if (this.#now && test.result?.state === "fail")
      this.#now.failed ??= { id: idOf(test), message: messageOf(test) };
  }

  async onAfterRunFiles(files) {
    super.onAfterRunFiles(files);
    stryker.activeMutant = undefined;
    if (this.#now) return;
    this.#files.push(...files);
    if (this.#files.length === this.workerState.ctx.files.length) await this.#serve();
  }

  async #serve() {
    const tests = this.#files.flatMap((file) => [
      ...(testsOf(file).length === 0 ||
      (file.result?.state === "fail" && testsOf(file).every((t) => t.result?.state !== "fail"))
        ? [
            {
              id: file.filepath,
              name: file.name,
              timeSpentMs: 0,
              fileName: file.filepath,
              status: 1,
              failureMessage: messageOf(file),
            },
          ]
        : []),
      ...testsOf(file)
        .filter((test) => test.result && test.mode === "run")
        .map((test) => {
          const id = idOf(test);
          const timeSpentMs = test.result.duration ?? 0;
          this.#times.set(id, timeSpentMs);
          const isRight = test.result.state === "pass";
          return {
            id,
            name: id.slice(id.indexOf("#") + 1),
            fileName: file.filepath,
            timeSpentMs,
            status: isRight ? 0 : 1,
            ...(isRight ? {} : { failureMessage: messageOf(test) }),
          };
        }),
    ]);
    const { static: atImport = {}, perTest = {} } = stryker.mutantCoverage ?? {};
    // What vitest's own process would hear of each test only costs.
    this.onTaskUpdate = undefined;
    this.onCollectStart = (file) => super.onCollectStart(file);
    this.onCollected = (files) => {
      for (const file of files) keepOnly(file, this.#now.wanted);
    };
    this.onTestAnnotate = undefined;
    const channel = new BroadcastChannel(`mutants-${process.pid}`);
    await new Promise((resolve) => {
      let turn = Promise.resolve();
      channel.onmessage = ({ data }) => {
        if (data.stop) resolve();
        else if (data.times) {
          this.#times = new Map(data.times);
          channel.postMessage({});
        } else turn = turn.then(async () => channel.postMessage(await this.#answer(data)));
      };
      channel.postMessage({ tests, mutantCoverage: { static: atImport, perTest } });
    });
    channel.close();
  }

  async #answer({ mutant, tests, hitLimit }) {
    const ids = tests ?? [...this.#times.keys()];
    stryker.hitCount = hitLimit === undefined ? undefined : 0;
    stryker.hitLimit = hitLimit;
    const { failed, ran } = await this.#run(mutant, ids);
    const hits = stryker.hitCount;
    stryker.hitCount = undefined;
    if (failed === undefined) return { status: "survived", nrOfTests: ran };
    // What a mutant leaves behind must not count against the next one.
    const isDirty = (await this.#run(undefined, [failed.id])).failed !== undefined;
    if (hitLimit !== undefined && hits > hitLimit) return { status: "timeout", isDirty };
    return {
      status: "killed",
      killedBy: [failed.id],
      failureMessage: failed.message,
      nrOfTests: ran,
      isDirty,
    };
  }

  async #run(mutant, ids) {
    const byFile = new Map();
    for (const id of ids) {
      const file = id.slice(0, id.indexOf("#"));
      byFile.set(file, [...(byFile.get(file) ?? []), id]);
    }
    const costOf = (group) => group.reduce((sum, id) => sum + (this.#times.get(id) ?? 0), 0);
    const groups = [...byFile].sort(([, a], [, b]) => costOf(a) - costOf(b));
    this.#now = { mutant, wanted: new Set(ids), failed: undefined, ran: 0 };
    for (const [filepath, group] of groups) {
      const modules = this.workerState.evaluatedModules;
      for (const module of modules.fileToModulesMap.get(filepath) ?? []) modules.invalidateModule(module);
      this.workerState.filepath = filepath;
      // While the file loads, too: tables of cases call what is tested.
      stryker.activeMutant = mutant;
      const [file] = await startTests([{ filepath, testLocations: undefined }], this);
      if (file.result?.state === "fail") this.#now.failed ??= { id: group[0], message: messageOf(file) };
      if (this.#now.failed) break;
    }
    const { failed, ran } = this.#now;
    this.#now = undefined;
    return { failed, ran };
  }
}
