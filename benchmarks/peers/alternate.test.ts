import { describe, expect, it } from "vitest";
import { alternate, type Effort, NO_TIME } from "./alternate.ts";
import type { Measure, Measured, Prepare, Prepared, Request } from "./messages.ts";

const EFFORT: Effort = { warmUp: 1, round: 1, rounds: 4, total: 100, atLeast: 1 };

/** Peers whose steps take a millisecond, and a clock that each request moves on. */
function peers(names: readonly string[]) {
  let requests = 0;
  const answer = (request: Request): Prepared | Measured => {
    requests++;
    return request.do === "prepare"
      ? { exists: true, numbers: [1], milliseconds: 1, prepared: 2 }
      : { milliseconds: 1 };
  };
  function ask(request: Prepare): Promise<Prepared>;
  function ask(request: Measure): Promise<Measured>;
  function ask(request: Request): Promise<object> {
    return Promise.resolve(answer(request));
  }
  const processes = names.map((name) => ({
    peer: { name, beside: "a", command: [], file: "" },
    ask,
  }));
  const limit = (most: number) => ({ isOver: () => requests >= most });
  return { processes, limit };
}

const outcome = async (most: number): Promise<unknown[]> => {
  const { processes, limit } = peers(["a", "b", "c"]);
  const outcomes = await alternate(processes, "group", "entry", EFFORT, limit(most));
  return outcomes.map(({ peer, samples, error }) => [peer, samples?.length ?? error]);
};

describe("a limit of time", () => {
  it("leaves everybody all rounds when it is far", async () => {
    expect(await outcome(100)).toEqual([
      ["a", 4],
      ["b", 4],
      ["c", 4],
    ]);
  });

  it("ends with the round in which it is over", async () => {
    expect(await outcome(7)).toEqual([
      ["a", 2],
      ["b", 2],
      ["c", 2],
    ]);
  });

  it("leaves out who was not prepared yet", async () => {
    expect(await outcome(2)).toEqual([
      ["a", 1],
      ["b", 1],
      ["c", NO_TIME],
    ]);
  });

  it("keeps the first peer, and one round, in any case", async () => {
    expect(await outcome(0)).toEqual([
      ["a", 1],
      ["b", NO_TIME],
      ["c", NO_TIME],
    ]);
  });
});
