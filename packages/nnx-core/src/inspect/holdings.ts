/** @file How much the Variables of a model hold, by module and by type. */
import { isArrayLike } from "../data/array-like.ts";
import type { Frame } from "../graph/frame.ts";
import { Walk } from "../graph/walk.ts";
import type { PathPart } from "../path.ts";
import { Variable } from "../variable/variable.ts";
import { type Amount, amountOf, headingOf, plus } from "../variable/amount.ts";
import type { TabulatedVariable } from "./tabulation.ts";

/** The Variables of a node's own attributes, and how much is in it and below it. */
export interface Holding {
  readonly variables: Map<string, TabulatedVariable[]>;
  readonly amounts: Map<string, Amount>;
}

/** What each node and container of a model holds. A shared Variable counts on its first path. */
export function holdingsOf(root: unknown): ReadonlyMap<object, Holding> {
  const holdings = new Map<object, Holding>();
  const at = (object: object): Holding => {
    const holding = holdings.get(object) ?? { variables: new Map(), amounts: new Map() };
    holdings.set(object, holding);
    return holding;
  };
  if (root instanceof Variable) return holdings;
  const walk = new Walk(root);
  while (walk.nextOnce()) {
    const { kind, value, owner } = walk;
    if (kind === "left") {
      at(value as object);
      continue;
    }
    const variable = value as Variable;
    const heading = headingOf(variable.type);
    const amount = amountOf(variable.isDisposed ? undefined : variable.toState().value);
    for (let frame = owner; frame; frame = frame.parent) {
      const { amounts } = at(frame.value);
      amounts.set(heading, plus(amounts.get(heading), amount));
    }
    const { module, name } = ownerOf(owner, walk.part);
    if (!module) continue;
    const { variables } = at(module);
    variables.set(heading, [...(variables.get(heading) ?? []), tabulated(variable, name)]);
  }
  return holdings;
}

/** The node that has an attribute, and the attribute's name: in containers joined by dots. */
function ownerOf(owner: Frame | undefined, part: PathPart): { module?: object; name: string } {
  const names: PathPart[] = [part];
  let frame = owner;
  for (; frame && frame.kind === "container" && frame.parent; frame = frame.parent) names.unshift(frame.part);
  return frame ? { module: frame.value, name: names.join(".") } : { name: names.join(".") };
}

function tabulated(variable: Variable, name: string): TabulatedVariable {
  const { metadata } = variable;
  const value: unknown = variable.isDisposed ? undefined : variable.toState().value;
  const isArray = isArrayLike(value);
  return {
    name,
    shape: isArray ? value.shape : [],
    dtype: isArray ? value.dtype : typeof value,
    metadata,
  };
}
