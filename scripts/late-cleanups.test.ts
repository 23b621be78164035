import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;
const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

const freed: string[] = [];
const registry = new FinalizationRegistry<string>((name) => void freed.push(name));
const drop = (name: string): void => registry.register({}, name);

/** Collects until something is freed; gives up after a while. */
async function collectUntil(name: string): Promise<void> {
  for (let i = 0; i < 400 && !freed.includes(name); i++) {
    await turn();
    collect();
  }
}

it("a test meets its own garbage going", async () => {
  drop("own");
  await collectUntil("own");
  expect(freed).toEqual(["own"]);
  drop("left");
});

it("and not that of the test before", async () => {
  drop("second");
  await collectUntil("second");
  for (let i = 0; i < 5; i++) {
    await turn();
    collect();
  }
  expect(freed).toEqual(["own", "second"]);
});

it("which goes between the two", () => {
  expect(freed).toEqual(["own", "second", "left"]);
});
