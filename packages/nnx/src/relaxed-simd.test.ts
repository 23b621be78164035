import { expect, it } from "vitest";
import { withRelaxedSimd } from "../../../scripts/relaxed-simd.ts";

interface Round {
  readonly on: boolean;
  readonly itself: readonly number[];
  readonly recorded: readonly number[];
}

it.each(["cpu", "wasm"])(
  "recorded functions give what the function itself gives, with and without relaxed SIMD, on %s",
  (backend) => {
    const program = new URL("../test/programs/relaxed-jit.ts", import.meta.url);
    const { rounds, programs, training, replays } = withRelaxedSimd(program, backend) as {
      rounds: Round[];
      programs: { reason: string; replays: number }[];
      training: Omit<Round, "on">[];
      replays: number[];
    };
    for (const { recorded, itself } of training) expect(recorded).toEqual(itself);
    expect(replays).toEqual([2, 3]);
    for (const { recorded, itself } of rounds) expect(recorded).toEqual(itself);
    expect(rounds[2]!.itself).not.toEqual(rounds[0]!.itself);
    expect(rounds[4]!.itself).toEqual(rounds[0]!.itself);
    expect(programs.map(({ reason, replays }) => [reason, replays])).toEqual([
      ["the first call", 1],
      ["other kernels are installed", 1],
      ["other kernels are installed", 0],
    ]);
  },
);
