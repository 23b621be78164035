// A test runner for Stryker whose tests stay loaded. Loading tensorflow.js and ours costs more than most
// tests do, so one worker of vitest loads all test files once, and then runs tests for each mutant.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createVitest } from "vitest/node";
import { isInSample, leftOutOfSample } from "./sample.mjs";

/** What a dry run found, for a process that Stryker starts in the place of one that hung. */
const known = "mutants-dry-run.json";

class ResidentRunner {
  static inject = [];
  #vitest;
  #channel;
  #dryRun;

  capabilities() {
    return { reloadEnvironment: true };
  }

  async init() {
    process.env.NODE_ENV = "test";
    process.env.VITEST = "1";
    if (existsSync(known)) this.#dryRun = JSON.parse(readFileSync(known, "utf8"));
    await this.#start(this.#dryRun);
  }

  /** @param dryRun - What the tests took before: they are loaded only, not run. */
  async #start(dryRun) {
    this.#channel = new BroadcastChannel(`mutants-${process.pid}`);
    const first = this.#next();
    this.#vitest = await createVitest("test", {
      config: "vitest.mutants.config.ts",
      pool: "threads",
      isolate: false,
      maxWorkers: 1,
      watch: false,
      coverage: { enabled: false },
      runner: "./scripts/mutants/worker.mjs",
      reporters: [{}],
      disableConsoleIntercept: true,
      onConsoleLog: () => false,
      provide: { isLoadedOnly: dryRun !== undefined },
    });
    // It ends when the worker is told to stop.
    this.#vitest.start().catch((error) => console.error(error));
    const hello = await first;
    if (dryRun) await this.#ask({ times: dryRun.tests.map(({ id, timeSpentMs }) => [id, timeSpentMs]) });
    else {
      this.#dryRun = hello;
      writeFileSync(known, JSON.stringify(hello));
    }
  }

  #next() {
    return new Promise((resolve) => {
      this.#channel.onmessage = ({ data }) => resolve(data);
    });
  }

  #ask(request) {
    const answer = this.#next();
    this.#channel.postMessage(request);
    return answer;
  }

  async dryRun() {
    const { tests, mutantCoverage } = this.#dryRun;
    const broken = this.#vitest.state.getUnhandledErrors();
    if (broken.length > 0) return { status: "error", errorMessage: broken.map(String).join("\n") };
    const slowest = tests.toSorted((a, b) => b.timeSpentMs - a.timeSpentMs).slice(0, 8);
    for (const { name, fileName, timeSpentMs } of slowest)
      console.error(`${timeSpentMs.toFixed()} ms: ${fileName.split("/").at(-1)}: ${name}`);
    return { status: "complete", tests, mutantCoverage };
  }

  async mutantRun({ activeMutant, testFilter, hitLimit }) {
    // Stryker has no status for it, but does not count errors.
    if (!isInSample(activeMutant)) return { status: "error", errorMessage: leftOutOfSample };
    const request = { mutant: activeMutant.id, tests: testFilter, hitLimit };
    const result = await this.#ask(request);
    if (!result.isDirty) return result;
    // A mutant left something behind. What it did itself is known; the next one starts afresh.
    await this.dispose();
    console.error(`mutant ${activeMutant.id} leaves something behind: ${result.failureMessage}`);
    await this.#start(this.#dryRun);
    const { isDirty: _, ...again } = await this.#ask(request);
    return again;
  }

  async dispose() {
    this.#channel?.postMessage({ stop: true });
    await this.#vitest?.close();
    this.#channel?.close();
  }
}

/** The calls whose strings are for people: what is refused, and where. */
const tellsPeople = /(?:Error|^check\w*|^refuse\w*|^fail\w*|^describe\w*|^print\w*|^expect\w*)$/;
const namesOf = ({ type, name, property }) => (type === "MemberExpression" ? property.name : name) ?? "";

/** Whether it is the `true` in `checkOptions("f", options, { name: true })`, which stands for a type. */
function isOfOptionName(path) {
  const call = path.isBooleanLiteral() ? path.parentPath?.parentPath?.parent : undefined;
  return call?.type === "CallExpression" && namesOf(call.callee) === "checkOptions";
}

/** Leaves out the texts of errors: strings of more than one word, and names given to checks. */
const messages = {
  shouldIgnore(path) {
    if (isOfOptionName(path)) return "the name alone is looked at";
    const { node, parent } = path;
    const isTemplate = path.isTemplateLiteral();
    if (!isTemplate && !path.isStringLiteral()) return undefined;
    const text = isTemplate ? node.quasis.map(({ value }) => value.raw).join("?") : node.value;
    if (/\S\s|\s\S/.test(text)) return "a text for people";
    const isGiven = parent.type === "CallExpression" || parent.type === "NewExpression";
    return isGiven && tellsPeople.test(namesOf(parent.callee))
      ? "names where something is refused"
      : undefined;
  },
};

export const strykerPlugins = [
  { kind: "Ignore", name: "messages", value: messages },
  {
    kind: "TestRunner",
    name: "resident",
    factory: Object.assign(() => new ResidentRunner(), { inject: [] }),
  },
];
