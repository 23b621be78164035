/** @file What values are made of before and after a block: the tensors, and steps of the host. */
import { isAsKept, keptData } from "../data/kept-data.ts";
import { StructureError } from "../errors.ts";
import { pathKey } from "../path.ts";
import { isTensor, sharing, type Tensor } from "../tensor.ts";
import { unread } from "../variable/observer.ts";
import { type Metadata, sameMetadata } from "../variable/variable-state.ts";
import type { Variable } from "../variable/variable.ts";
import { Contents } from "./contents.ts";
import type { HostSlot } from "./host.ts";
import { copyHostObject } from "./host-data.ts";
import { isNumberList } from "./number-list.ts";
import { mapParts, partsIn } from "./parts.ts";
import type { Slot } from "./program.ts";
import { isHostValue } from "./leaf-steps.ts";
import type { Recording } from "./recording.ts";

/** What a value is made of while a program is recorded. */
export interface Sources {
  readonly tensors: ReadonlyMap<string, Slot>;
  readonly host: ReadonlyMap<string, HostSlot>;
  /** Numbers that must stay. */
  readonly numbers: ReadonlyMap<string, number>;
}

/** The place of a value that is a part itself. */
const whole = pathKey([]);

/** Whether one step computes the value itself: a key, a number or a list of numbers of a Variable. */
export const isFromStep = ({ host }: Sources): boolean => host.has(whole);

/** @param own - The step that computes the value itself, if there is one. */
export function sourcesOf({ recorder }: Recording, value: unknown, own?: HostSlot): Sources {
  const tensors = new Map<string, Slot>();
  const host = new Map<string, HostSlot>();
  const numbers = new Map<string, number>();
  if (own !== undefined) return { tensors, host: host.set(whole, own), numbers };
  for (const [place, part] of partsIn(value)) {
    if (isTensor(part)) tensors.set(place, recorder.slotOf(part));
    else if (typeof part === "number") numbers.set(place, part);
    else {
      const known = recorder.hostSlotOf(part as object);
      host.set(place, known ?? recorder.addHost({ kind: "constant", value: part }));
    }
  }
  return { tensors, host, numbers };
}

/** What a Variable has at some point of a run. */
export interface Held {
  readonly sources: Sources;
  /** Structure, shapes and dtypes, in words. */
  readonly kind: string;
  /** Data that are no tensors, keys or numbers: as they are, and a copy. */
  readonly statics: { readonly now: readonly unknown[]; readonly kept: unknown };
  readonly metadata: Metadata;
}

export function heldBy(recording: Recording, variable: Variable): Held {
  const value = unread(() => variable.getRawValue());
  let own = isHostValue(value) ? recording.slotOf(variable) : recording.sourceOf(variable);
  // The counts of streams, say, of which each branch or turn may leave others.
  if (own === undefined && isNumberList(value)) own = recording.recorder.addHost({ kind: "constant", value });
  const contents = new Contents();
  const kind = contents.add(value);
  const now = contents.statics;
  const { metadata } = variable;
  return { sources: sourcesOf(recording, value, own), kind, statics: { now, kept: keptData(now) }, metadata };
}

/** A value with copies of its tensors and keys, which are known by their places. */
export class Copied {
  readonly value: unknown;
  readonly tensors: Map<string, Tensor> = new Map();
  readonly host: Map<string, unknown> = new Map();

  constructor(value: unknown) {
    this.value = mapParts(value, {
      tensor: (tensor, place) => {
        const copy = sharing(tensor);
        this.tensors.set(place, copy);
        return copy;
      },
      host: (part, place) => {
        const copy = typeof part === "object" && part !== null ? copyHostObject(part) : part;
        this.host.set(place, copy);
        return copy;
      },
    });
  }
}

/** The values in the order of those in `first`. */
export function inOrderOf(
  where: string,
  first: readonly Sources[],
  given: readonly Sources[],
): { outputs: Slot[]; host: HostSlot[] } {
  const outputs: Slot[] = [];
  const host: HostSlot[] = [];
  first.forEach((each, i) => {
    const { tensors, host: steps } = given[i] as Sources;
    for (const place of each.tensors.keys()) outputs.push(known(where, tensors.get(place)));
    for (const place of each.host.keys()) host.push(known(where, steps.get(place)));
  });
  return { outputs, host };
}

function known<T>(where: string, slot: T | undefined): T {
  if (slot !== undefined) return slot;
  throw new StructureError(
    `${where}: expected tensors and keys in the same places of each result, got others. Return the same structure.`,
  );
}

/** The tensors of copies, in the order of `first`; holes where there is no copy. */
export const tensorsInOrder = (
  first: readonly Sources[],
  copies: readonly (Copied | undefined)[],
): Tensor[] =>
  first.flatMap(({ tensors }, i) =>
    [...tensors.keys()].map((place) => copies[i]?.tensors.get(place) as Tensor),
  );

/** Writes the copies into the Variables, and notes which steps compute numbers and keys. */
export function noteResults(
  recording: Recording,
  first: readonly Sources[],
  copies: readonly (Copied | undefined)[],
  hostOutputs: readonly (readonly HostSlot[])[],
  variables: readonly (Variable | undefined)[],
): void {
  copies.forEach((copied, i) => {
    if (!copied) return;
    const slots = hostOutputs[i] as readonly HostSlot[];
    [...(first[i] as Sources).host.keys()].forEach((place, j) => {
      const object = copied.host.get(place);
      if (typeof object === "object" && object !== null)
        recording.recorder.noteHost(object, slots[j] as HostSlot);
    });
    const variable = variables[i];
    if (!variable) return;
    if (isFromStep(first[i] as Sources)) recording.expect(variable, copied.value, slots[0] as HostSlot);
    variable.setRawValue(copied.value);
  });
}

export function refuseGone(where: string, recording: Recording, variable: Variable): void {
  if (!variable.isDisposed) return;
  throw new StructureError(
    `${where} at ${recording.nameOf(variable)}: expected a Variable that stays, got one that a function disposes. Dispose it outside.`,
  );
}

export function refuseOther(where: string, name: string, before: Held, after: Held): void {
  if (!sameMetadata(before.metadata, after.metadata)) {
    throw new StructureError(
      `${where} at ${name}: expected a Variable to keep its metadata in a recorded function, got one that a branch or step gives other metadata. ` +
        "Set metadata outside.",
    );
  }
  if (before.kind === after.kind && isAsKept(before.statics.kept, after.statics.now)) {
    refuseNumbers(`${where} at ${name}`, before.sources, after.sources);
    return;
  }
  throw new StructureError(
    `${where} at ${name}: expected a Variable to keep its structure, shapes and dtypes in a recorded function, got ${before.kind} before and ` +
      `${after.kind === before.kind ? "other data of that kind" : after.kind} after. Cast or reshape what is written.`,
  );
}

export function refuseNumbers(where: string, before: Sources, after: Sources): void {
  for (const [place, value] of before.numbers) {
    const other = after.numbers.get(place);
    if (Object.is(value, other)) continue;
    throw new StructureError(
      `${where}: expected plain numbers to be the same whatever is computed, in a recorded function, got ${value} and ${other}. Use scalar tensors: tf.scalar.`,
    );
  }
}
