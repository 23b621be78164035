import { expect, it } from "vitest";
import { withRelaxedSimd } from "../../../scripts/relaxed-simd.ts";

interface Round {
  readonly on: boolean;
  readonly itself: readonly number[];
  readonly recorded: readonly number[];
}

it("recorded functions give what the function itself gives, with and without relaxed SIMD", () => {
  const program = new URL("../test/programs/relaxed-jit.ts", import.meta.url);
  const { rounds, programs } = withRelaxedSimd(program) as {
    rounds: Round[];
    programs: { reason: string; replays: number }[];
  };
  for (const { recorded, itself } of rounds) expect(recorded).toEqual(itself);
  expect(rounds[2]!.itself).not.toEqual(rounds[0]!.itself);
  expect(rounds[4]!.itself).toEqual(rounds[0]!.itself);
  expect(programs.map(({ reason, replays }) => [reason, replays])).toEqual([
    ["the first call", 1],
    ["other kernels are installed", 1],
    ["other kernels are installed", 0],
  ]);
});
