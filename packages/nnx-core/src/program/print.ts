/** @file A program as text. */
import { formatPath } from "../path.ts";
import type { HostSlot, HostWork } from "./host.ts";
import type { Played } from "./played.ts";
import type { PlayedNames } from "./played-parts.ts";
import {
  blocksOf,
  type Program,
  type ProgramNode,
  type Slot,
  usesOf,
  type ValueInfo,
  type Work,
} from "./program.ts";

const mostItems = 6;

/** An attribute, in short. */
function textOf(value: unknown): string {
  if (Array.isArray(value))
    return `[${value.slice(0, mostItems).map(textOf).join(",")}${value.length > mostItems ? ",…" : ""}]`;
  if (typeof value === "function") return "f";
  return typeof value === "object" && value !== null ? "{…}" : String(value);
}

function attributesOf(work: Work): string {
  if (work.kind !== "kernel") return "";
  if (work.renewal !== undefined) return " {by host code}";
  const given = Object.entries(work.attrs).filter(([, value]) => value !== undefined && value !== null);
  return given.length === 0 ? "" : ` {${given.map(([key, value]) => `${key}: ${textOf(value)}`).join(", ")}}`;
}

function nameOf(work: Work): string {
  switch (work.kind) {
    case "kernel":
      return work.name;
    case "loop":
      return work.from ? `loop with h${work.from.host}` : "loop";
    case "fill":
      return work.from ? `draw with h${work.from.host}` : "draw by host code";
    case "call":
      return "direct kernel";
    case "host":
      return `numbers h${work.host}`;
    case "values":
      return "numbers by host code";
    case "choice":
      return "choose by";
    case "repeat":
      return "repeat";
    case "stop":
      return "stop at 0";
    case "expect":
      return `expect ${work.value}`;
    default:
      return work satisfies never;
  }
}

const typeOf = ({ shape, dtype }: ValueInfo): string => `${dtype}[${shape.join(",")}]`;

function hostText(work: HostWork, slot: HostSlot, names: readonly string[]): string | undefined {
  switch (work.kind) {
    case "argument":
      return `h${slot} = ${names[work.index]}`;
    case "constant":
      return `h${slot} = ${String(work.value)}`;
    case "compute":
      return `h${slot} = ${work.name}(${work.inputs.map((input) => `h${input}`).join(", ")})`;
    case "section":
      return undefined;
    case "of node":
      return `h${slot} = of a branch or loop`;
    case "of section":
      return `h${slot} = result ${work.result} of host code`;
    default:
      return work satisfies never;
  }
}

/** The steps of the host that something needs. */
function neededHost({ nodes, host }: Program, destinations: PlayedNames["destinations"]): Set<HostSlot> {
  const needed = new Set<HostSlot>();
  const need = (slot: HostSlot): void => {
    if (needed.has(slot)) return;
    needed.add(slot);
    const work = host[slot];
    if (work?.kind === "compute") work.inputs.forEach(need);
  };
  for (const { host: slot } of destinations) if (slot !== undefined) need(slot);
  const needAll = (all: readonly ProgramNode[]): void => {
    for (const node of all) {
      const { work } = node;
      if ((work.kind === "loop" || work.kind === "fill") && work.from) need(work.from.host);
      if (work.kind === "host") need(work.host);
      if (work.kind === "repeat") work.hostInputs.forEach(need);
      for (const block of blocksOf(node)) {
        needAll(block.nodes);
        block.host.forEach(need);
      }
    }
  };
  needAll(nodes);
  return needed;
}

/** The program as text: inputs, values of the host, constants, nodes, and where results go. */
export function printPlayed({ program, names }: Played): string {
  const { destinations, inputs: inputNames, host: hostNames } = names();
  const { nodes, views, constants, infos, host, inputCount } = program;
  const constantSlots = new Set(constants.map(({ slot }) => slot));
  const viewOf = new Map(views.map(({ slot, of }) => [slot, of]));
  const named = (slot: Slot): string => {
    const of = viewOf.get(slot);
    if (of !== undefined) return `${named(of)} as ${typeOf(infos[slot] as ValueInfo)}`;
    if (slot < inputCount) return `x${slot}`;
    return `${constantSlots.has(slot) ? "c" : "v"}${slot}`;
  };
  const typed = (slot: Slot): string => `${named(slot)}:${typeOf(infos[slot] as ValueInfo)}`;
  const slotsOf = ({ results }: (typeof destinations)[number]): Slot[] =>
    results.map((index) => (index < 0 ? -1 - index : (program.outputs[index] as Slot)));
  const used = new Set([...nodes.flatMap((node) => [...usesOf(node)]), ...destinations.flatMap(slotsOf)]);
  for (const slot of [...used])
    for (let at = viewOf.get(slot); at !== undefined; at = viewOf.get(at)) used.add(at);
  const needed = neededHost(program, destinations);
  const line = (node: ProgramNode): string[] => {
    const { work, inputs, outputs, path } = node;
    const isControl = work.kind === "stop" || work.kind === "expect" || work.kind === "repeat";
    const left = outputs.length > 0 ? `${outputs.map(typed).join(", ")} = ` : isControl ? "" : "check by ";
    const right = [nameOf(work), ...inputs.map(named)].join(" ");
    const inner = blocksOf(node).flatMap((block, i) => [
      work.kind === "repeat" ? `with ${work.parameters.map(typed).join(", ")}:` : `${i}:`,
      ...block.nodes.flatMap(line).map((text) => `  ${text}`),
      `  give ${block.outputs.map(named).join(", ") || "nothing"}`,
    ]);
    return [
      `${left}${right}${attributesOf(work)}${path && path.length > 0 ? `  # ${formatPath(path)}` : ""}`,
      ...inner.map((text) => `  ${text}`),
    ];
  };
  const lines = [
    ...inputNames.flatMap((name, slot) => (used.has(slot) ? [`${typed(slot)} = ${name}`] : [])),
    ...host.flatMap((work, slot) => (needed.has(slot) ? (hostText(work, slot, hostNames) ?? []) : [])),
    ...constants.map(
      ({ slot, values, note }) =>
        `${typed(slot)} = ${values ? textOf(values.length === 1 ? values[0] : values) : "constant"}${note ? `  # ${note}` : ""}`,
    ),
    ...nodes.flatMap(line),
    ...destinations.map((destination) => {
      const { name, host: step } = destination;
      const values = step === undefined ? slotsOf(destination).map(named).join(", ") : `h${step}`;
      return `${name} <- ${values || "nothing"}`;
    }),
  ];
  return lines.join("\n");
}
