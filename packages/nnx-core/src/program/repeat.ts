/** @file Records loops: one turn, which each replay repeats. */
import { StructureError } from "../errors.ts";
import { nodesOf } from "../graph/iterate.ts";
import { refuseLate } from "../ownership/late.ts";
import type { Tensor } from "../tensor.ts";
import { unread } from "../variable/observer.ts";
import { Variable } from "../variable/variable.ts";
import { recordingFor } from "./control.ts";
import type { HostSlot } from "./host.ts";
import type { Slot, ValueInfo } from "./program.ts";
import type { Recording } from "./recording.ts";
import {
  Copied,
  type Held,
  heldBy,
  inOrderOf,
  isFromStep,
  noteResults,
  refuseGone,
  refuseNumbers,
  refuseOther,
  type Sources,
  sourcesOf,
  tensorsInOrder,
} from "./sources.ts";
import { onTrial } from "./trial.ts";

/** A loop that depends on what is computed. */
export interface RecordedLoop {
  readonly where: string;
  readonly init: unknown;
  readonly test: (value: unknown) => unknown;
  readonly body: (value: unknown) => unknown;
  /** Refuses what is not like the first value. */
  readonly compare: (value: unknown) => void;
  /** Runs the loop as it is. */
  readonly run: () => unknown;
}

/**
 * Records one turn of a loop, and runs the loop.
 * @returns nothing where the test does not depend on what is computed: nothing was recorded then.
 */
export function recordLoop(
  recording: Recording,
  call: RecordedLoop,
): { readonly value: unknown } | undefined {
  const { where, init, test, body, compare, run } = call;
  const { recorder } = recording;
  const variables = [...nodesOf([init])].filter((node) => node instanceof Variable);
  const before = variables.map((variable) => heldBy(recording, variable));
  const start = sourcesOf(recording, init);
  const first = [start, ...before.map(({ sources }) => sources)];
  const turn = onTrial(recording, where, [init], (written, settled) => {
    const parameters: Slot[] = [];
    const hostParameters: HostSlot[] = [];
    const infos: ValueInfo[] = [];
    /** Copies that stand for what a turn gets. */
    const parameter = (value: unknown, { tensors, host }: Sources): Copied => {
      const copied = new Copied(value);
      for (const place of tensors.keys()) {
        const tensor = copied.tensors.get(place) as Tensor;
        parameters.push(recorder.addParameter(tensor));
        infos.push({ shape: tensor.shape, dtype: tensor.dtype });
      }
      for (const place of host.keys()) {
        const slot = recorder.addHost({ kind: "of node" });
        hostParameters.push(slot);
        const object = copied.host.get(place);
        if (typeof object === "object" && object !== null) recorder.noteHost(object, slot);
      }
      return copied;
    };
    const held = (): Sources[] =>
      variables.map((variable, i) => {
        refuseGone(where, recording, variable);
        const after = heldBy(recording, variable);
        refuseOther(where, recording.nameOf(variable), before[i] as Held, after);
        return after.sources;
      });
    let changed: ReadonlySet<Variable> = new Set();
    let isKnown = false;
    const block = recorder.block(() => {
      const { value } = parameter(init, start);
      const carried = sourcesOf(recording, value);
      variables.forEach((variable, i) => {
        const own = unread(() => variable.getRawValue());
        const { sources } = before[i] as Held;
        const { value: copy } = parameter(own, sources);
        if (isFromStep(sources)) recording.expect(variable, copy, hostParameters.at(-1) as HostSlot);
        variable.setRawValue(copy);
      });
      written.clear();
      const goesOn = test(value);
      isKnown = !recordingFor(where, goesOn);
      if (isKnown) return { outputs: [], host: [] };
      const { outputs, host } = inOrderOf(where, first, [carried, ...held()]);
      recorder.addControl({ kind: "stop", host }, [recorder.slotOf(goesOn as Tensor), ...outputs]);
      const next = body(value);
      refuseLate(where, () => "the function", next);
      compare(next);
      settled();
      refuseUnreached(where, recording, written, variables);
      const result = sourcesOf(recording, next);
      refuseNumbers(where, start, result);
      changed = new Set(written);
      return inOrderOf(where, first, [result, ...held()]);
    });
    return { block, parameters, hostParameters, infos, changed, isKnown };
  });
  if (turn.isKnown) return undefined;
  const { block, parameters, hostParameters, infos, changed } = turn;
  const inputs = inOrderOf(where, first, first);
  const result = recording.paused(run);
  const copies = [
    new Copied(result),
    ...variables.map((variable) =>
      changed.has(variable) ? new Copied(unread(() => variable.getRawValue())) : undefined,
    ),
  ];
  const hostOutputs = first.map(({ host }) =>
    [...host.keys()].map(() => recorder.addHost({ kind: "of node" })),
  );
  const tensors = tensorsInOrder(first, copies);
  recorder.addControl(
    {
      kind: "repeat",
      block,
      parameters,
      hostInputs: inputs.host,
      hostParameters,
      hostOutputs: hostOutputs.flat(),
      after: [],
    },
    inputs.outputs,
    infos.map((info, i) => tensors[i] ?? info),
  );
  noteResults(recording, first, copies, hostOutputs, [undefined, ...variables]);
  return { value: (copies[0] as Copied).value };
}

function refuseUnreached(
  where: string,
  recording: Recording,
  written: ReadonlySet<Variable>,
  variables: readonly Variable[],
): void {
  const given = new Set(variables);
  for (const variable of written) {
    if (given.has(variable)) continue;
    throw new StructureError(
      `${where}: expected a loop that changes what is in its value alone, in a recorded function, got one that writes to ${recording.nameOf(variable)}. ` +
        "Put its module into the value.",
    );
  }
}
