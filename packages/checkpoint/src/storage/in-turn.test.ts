/** @file Work at one place is done one by one, in the order in which it was asked for. */
import { describe, expect, it } from "vitest";
import { memoryFolder } from "../../test/memory-folder.ts";
import { inTurn } from "./in-turn.ts";

describe("inTurn", () => {
  const [a, b] = [memoryFolder(), memoryFolder()];

  it("begins when what was asked for before is done, well or not", async () => {
    const log: string[] = [];
    const work =
      (name: string, fails = false) =>
      async (): Promise<string> => {
        log.push(`${name} begins`);
        for (let i = 0; i < 5; i++) await Promise.resolve();
        log.push(`${name} ends`);
        if (fails) throw new Error(`${name} fails`);
        return name;
      };
    const place = { folder: a, file: "m" };
    const first = inTurn(place, work("1"));
    const second = inTurn(place, work("2", true));
    expect(await first).toBe("1");
    // Two is not done yet.
    const third = inTurn({ folder: b, file: "m" }, work("3"));
    await expect(second).rejects.toThrow("2 fails");
    expect(await third).toBe("3");
    expect(log).toEqual(["1 begins", "1 ends", "2 begins", "2 ends", "3 begins", "3 ends"]);
  });

  it("waits for nothing at other places: another file, or a folder that calls itself something else", async () => {
    let end = (): void => {};
    const open = inTurn({ folder: a, file: "m" }, async () => {
      await new Promise<void>((resolve) => {
        end = resolve;
      });
    });
    expect(await inTurn({ folder: a, file: "n" }, async () => 1)).toBe(1);
    expect(await inTurn({ folder: { ...b, id: "/other" }, file: "m" }, async () => 2)).toBe(2);
    expect(await inTurn({ folder: { ...b, name: "other" }, file: "m" }, async () => 3)).toBe(3);
    end();
    await open;
  });
});
