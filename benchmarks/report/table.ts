/** @file A table of outcomes, in Markdown. */
import { NO_TIME, type Outcome } from "../peers/alternate.ts";
import type { Peer } from "../peers/peers.ts";

/** Milliseconds in three digits. */
export const shown = (ms: number): string => (ms >= 100 ? ms.toFixed(0) : ms.toPrecision(3));

/**
 * Milliseconds of a step, their spread, and how many times those of ours they are. A peer on cpu
 * is compared with ours on cpu, all others with ours on wasm.
 */
function cell(peer: Peer, outcomes: readonly Outcome[]): string {
  const outcome = outcomes.find((one) => one.peer === peer.name);
  if (outcome === undefined) return "–";
  if (outcome.error === NO_TIME) return "no time";
  if (outcome.median === undefined) return /kernel/i.test(outcome.error!) ? "no kernel" : "fails";
  const ours = outcomes.find((one) => one.peer === peer.beside)?.median;
  const single = outcome.samples!.length < 3;
  const time = `${shown(outcome.median)}${single ? "" : ` ± ${(100 * outcome.spread!).toFixed(0)} %`}`;
  return peer.name === peer.beside || ours === undefined
    ? time
    : `${time} (${(outcome.median / ours).toPrecision(2)} ×)`;
}

/** Rows of cells as Markdown. */
export function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map((_, i) => (i === 0 ? "---" : "---:")), ...rows];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** One row for each entry and one column for each peer that has any. */
export function table(
  peers: readonly Peer[],
  rows: readonly { readonly entry: string; readonly outcomes: readonly Outcome[] }[],
): string {
  const present = peers.filter(({ name }) =>
    rows.some(({ outcomes }) => outcomes.some(({ peer }) => peer === name)),
  );
  const errors = rows.flatMap(({ entry, outcomes }) =>
    outcomes.flatMap(({ peer, error }) =>
      error === undefined || error === NO_TIME ? [] : [`${entry}: ${peer}: ${error.split("\n")[0]}`],
    ),
  );
  const body = markdown(
    ["ms a step", ...present.map(({ name }) => name)],
    rows.map(({ entry, outcomes }) => [entry, ...present.map((peer) => cell(peer, outcomes))]),
  );
  return [body, ...errors].join("\n");
}
