/**
 * @file What is known of a module since the call before: its attributes, and the Variables below it.
 * To compare the attributes takes a third of the time of the walks.
 */
import type { Place } from "../data/place.ts";
import type { Frame } from "../graph/frame.ts";
import { GraphNode } from "../graph/node.ts";
import { Walk } from "../graph/walk.ts";
import type { Variable } from "../variable/variable.ts";
import { framesOfArgument, Structure } from "./structure.ts";

/** A Variable, and the first place that it has. */
export interface VariableAt {
  readonly variable: Variable;
  readonly place: Place;
}

/** What arguments have below them. */
export interface Below {
  readonly structure: Structure;
  /** The module among the arguments, if there is one, and everything else is data. */
  readonly module: GraphNode | undefined;
  /** All leaves of the module, in order; `undefined` where some of them are no Variables. */
  readonly variables: readonly VariableAt[] | undefined;
}

const known = new WeakMap<GraphNode, Below>();

/** What is below arguments now. */
export function belowOf(args: readonly unknown[]): Below {
  let module: GraphNode | undefined;
  const others: Frame[] = [];
  for (const arg of args) {
    if (module === undefined && arg instanceof GraphNode) module = arg;
    else for (const frame of framesOfArgument(arg)) others.push(frame);
  }
  if (!module || others.length > 0) {
    const frames = module ? args.flatMap(framesOfArgument) : others;
    return { structure: new Structure(frames), module: undefined, variables: undefined };
  }
  const last = known.get(module);
  if (last?.structure.isSame()) return last;
  const made = walked(module);
  // What is kept here must not keep large things alive that the module lets go of.
  if (made.variables && made.structure.isOfKnownKinds()) known.set(module, made);
  else known.delete(module);
  return made;
}

function walked(module: GraphNode): Below {
  const frames: Frame[] = [];
  const variables: VariableAt[] = [];
  let hasOthers = false;
  const walk = new Walk(module);
  while (walk.nextOnce("all")) {
    const { kind, value } = walk;
    if (kind === "left") frames.push(walk.left as Frame);
    else if (kind === "variable") variables.push({ variable: value as Variable, place: walk.place() });
    else if (kind === "leaf") hasOthers = true;
  }
  return { structure: new Structure(frames), module, variables: hasOthers ? undefined : variables };
}
