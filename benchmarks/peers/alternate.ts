/** @file Runs one case in all peers, in alternation. */
import { median, spread } from "../measure.ts";
import type { Prepared } from "./messages.ts";
import type { PeerProcess } from "./process.ts";

/** How long to measure. All times are CPU time in milliseconds, for one case in one peer. */
export interface Effort {
  /** How long to warm up. */
  readonly warmUp: number;
  /** How long a round is at least; a step may be longer. */
  readonly round: number;
  readonly rounds: number;
  /** How long all rounds together may be. */
  readonly total: number;
  /** How many rounds there are however long they take. */
  readonly atLeast: number;
}

/** When the time for a case is over, however much time a peer would need. */
export interface Limit {
  isOver(): boolean;
}

const NO_LIMIT: Limit = { isOver: () => false };

/** What is said of a peer that was not asked. */
export const NO_TIME = "There was no time for it.";

/** What came of one case in one peer. */
export interface Outcome {
  readonly peer: string;
  /** CPU time of one step in milliseconds, for each round. */
  readonly samples?: readonly number[];
  readonly median?: number;
  readonly spread?: number;
  /** CPU time of making, compiling, checking and warming up, in milliseconds. */
  readonly prepared?: number;
  /** What all peers must agree on. */
  readonly numbers?: readonly number[];
  readonly error?: string;
}

/** A step that takes longer, in milliseconds, is measured once. */
const SECONDS = 2000;
/** Quicker steps are slower after a pause, in which caches go cold and a garbage collector cleans up. */
const QUICK = 100;

/** A process of a peer, as far as it is asked here. */
type Asked = Pick<PeerProcess, "ask" | "peer">;

interface Ready {
  readonly process: Asked;
  readonly answer: Prepared;
  readonly steps: number;
  readonly unmeasured: number;
  readonly rounds: number;
  readonly samples: number[];
}

/**
 * Prepares a case in each peer in turn, then has each do one round in turn. Once the limit is over,
 * no further peer is prepared but the first, and no further round begins but the first.
 * @param processes - The most important first.
 */
export async function alternate(
  processes: readonly Asked[],
  group: string,
  entry: string,
  effort: Effort,
  limit: Limit = NO_LIMIT,
): Promise<Outcome[]> {
  const ready: Ready[] = [];
  const failed: Outcome[] = [];
  for (const [i, process] of processes.entries()) {
    if (i > 0 && limit.isOver()) {
      failed.push({ peer: process.peer.name, error: NO_TIME });
      continue;
    }
    const answer = await process.ask({ do: "prepare", group, entry, warmUp: effort.warmUp });
    if ("error" in answer) failed.push({ peer: process.peer.name, error: answer.error });
    else if (answer.exists) ready.push(planned(process, answer, effort));
  }
  for (let round = 0; round < effort.rounds && (round === 0 || !limit.isOver()); round++) {
    for (const { process, rounds, steps, unmeasured, samples } of ready) {
      if (round >= rounds) continue;
      const answer = await process.ask({ do: "measure", steps, unmeasured });
      if ("error" in answer) throw new Error(`${entry}: ${process.peer.name} failed: ${answer.error}`);
      samples.push(answer.milliseconds);
    }
  }
  const measured = ready.map(
    ({ process, samples, answer: { numbers, prepared } }): Outcome => ({
      peer: process.peer.name,
      samples,
      median: median(samples),
      spread: spread(samples),
      numbers: numbers!,
      prepared: prepared!,
    }),
  );
  return [...measured, ...failed];
}

/** How many steps and rounds a peer has time for. A step of seconds is its only sample. */
function planned(process: Asked, answer: Prepared, effort: Effort): Ready {
  const time = answer.milliseconds!;
  if (time > SECONDS) return { process, answer, steps: 1, unmeasured: 0, rounds: 0, samples: [time] };
  const steps = Math.max(1, Math.min(10_000, Math.round(effort.round / Math.max(time, 1e-3))));
  const rounds = Math.max(effort.atLeast, Math.min(effort.rounds, Math.floor(effort.total / (steps * time))));
  const unmeasured = time < QUICK ? steps : 0;
  return { process, answer, steps, unmeasured, rounds, samples: [] };
}
