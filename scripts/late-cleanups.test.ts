import { expect, it } from "vitest";
import { collected, collectLater } from "./collect-garbage.ts";

const freed: string[] = [];
const registry = new FinalizationRegistry<string>((name) => void freed.push(name));
const drop = (name: string): void => registry.register({}, name);

const isFreed = (name: string): Promise<boolean> => collected(() => freed.includes(name));

it("a test meets its own garbage going", async () => {
  drop("own");
  expect(await isFreed("own")).toBe(true);
  expect(freed).toEqual(["own"]);
  drop("left");
});

it("and not that of the test before", async () => {
  drop("second");
  expect(await isFreed("second")).toBe(true);
  for (let i = 0; i < 5; i++) await collectLater();
  expect(freed).toEqual(["own", "second"]);
});

it("which goes between the two", () => {
  expect(freed).toEqual(["own", "second", "left"]);
});
