/** @file What of an argument is differentiated, and in which structure its gradient comes back. */
import { pathOf } from "../data/place.ts";
import { describe, GradientError } from "../errors.ts";
import { needsPath } from "../filter/description.ts";
import { toPredicate } from "../filter/filter.ts";
import { GraphWalk, type LeafPlace, type LeafValue } from "../graph/flatten.ts";
import { type GraphState, graphStateOf, isGraphState } from "../graph/graph-state.ts";
import { containerFrom, type ContainerKind, containerKind, entriesOf } from "../data/containers.ts";
import { GraphNode } from "../graph/node.ts";
import { tensorsIn } from "../ownership/tensors-in.ts";
import { formatPath, type Path, type PathPart } from "../path.ts";
import { StateBuilder, StatesBuilder } from "../state/builder.ts";
import { refuseEnded } from "../state/holding.ts";
import { withValue } from "../state/map.ts";
import { heldValue, type OwnedState, type State } from "../state/state.ts";
import { walkState } from "../state/walk-state.ts";
import { isTensor, type Tensor } from "../tensor.ts";
import { giveVariableToScope } from "../variable/held-value.ts";
import { unread } from "../variable/observer.ts";
import { glance } from "../variable/unseen.ts";
import { Variable } from "../variable/variable.ts";
import { constant, type Differentiable, type Preparation } from "./differentiable.ts";
import { Loans } from "./lend.ts";
import { Outline } from "./outline.ts";
import { isStateLike } from "../state/check-state.ts";
import { inOrder, ofValue, replaceFloats, watch } from "./watched-values.ts";

/** Prepares one argument; `place` is what error messages call it. */
export function differentiable(argument: unknown, place: string, how: Preparation): Differentiable {
  if (isTensor(argument)) return ofValue(argument, place, how);
  if (argument instanceof GraphNode) return ofModel(argument, place, how);
  if (argument instanceof Variable) return ofVariable(argument, place, how);
  if (isGraphState(argument)) return ofGraphState(argument, place, how);
  if (isStateLike(argument)) return ofState(argument, place, how);
  if (containerKind(argument) !== undefined) return ofContainer(argument as object, place, how);
  // As in JAX, nothing is a leaf that is not there.
  if (how.others === "pass" || argument === null || argument === undefined) return constant(argument);
  throw new GradientError(
    `${how.where}: expected ${place} to be a tensor, a module, a State, a Variable or containers of these, got ${describe(argument)}. ` +
      "Choose what to differentiate with { argnums }, or wrap numbers in tf.scalar.",
  );
}

const noPath: Path = [];

/** Variables, and tensors without one, that `wrt` selects. */
function ofModel(model: GraphNode, place: string, how: Preparation): Differentiable {
  const { seen } = how;
  const matches = toPredicate(how.wrt);
  const needPaths = needsPath(matches);
  const outline = new Outline();
  const loans = new Loans(how);
  const select = (key: PathPart | undefined, value: LeafValue, walk: GraphWalk): void => {
    const isVariable = value instanceof Variable;
    const at = isVariable ? undefined : walk.place();
    if (isVariable ? seen.hasVariable(value) : at === undefined || seen.hasPlace(at.owner, at.key)) return;
    const path = (): Path => pathOf(walk.at());
    if (!matches(needPaths ? path() : noPath, value)) return;
    if (isVariable) seen.addVariable(value);
    else if (at) seen.addPlace(at.owner, at.key);
    const leaf = isVariable ? unread(() => glance(value, (variable) => variable.toState())) : value;
    const isLent = loans.lend(isVariable ? value : (at as LeafPlace), () =>
      key === undefined ? place : `${place} at ${formatPath(path())}`,
    );
    if (isLent) outline.leaf(key, leaf);
  };
  const walk = new GraphWalk({
    enter: (key) => outline.enter(key),
    leaf: select,
    exit: () => outline.exit(),
  });
  try {
    walk.run(model);
  } catch (error) {
    loans.restore();
    throw error;
  }
  return {
    argument: model,
    watched: loans.watched,
    build: (gradients) => outline.fill(gradients),
    read: (gradient) => outline.read(how.where, gradient),
    restore: () => {
      loans.restore();
    },
  };
}

function ofVariable(variable: Variable, place: string, how: Preparation): Differentiable {
  const known = how.seen.hasVariable(variable);
  how.seen.addVariable(variable);
  const { value } = variable.toState();
  const loans = new Loans(how);
  if (!known) loans.lend(variable, () => place);
  const { watched } = loans;
  return {
    argument: variable,
    watched,
    // Its gradient is in the earlier argument; what is left is empty, as in Flax.
    build: (gradients) =>
      known
        ? new StateBuilder().finish()
        : giveVariableToScope(variable.copy(replaceFloats(value, inOrder(gradients)))),
    read: (gradient) => {
      const found = tensorsIn(gradient instanceof Variable ? gradient.value : gradient);
      return watched.map((_, i) => found[i]);
    },
    restore: () => {
      loans.restore();
    },
  };
}

interface DifferentiableState extends Differentiable {
  readonly argument: OwnedState;
  build(gradients: readonly Tensor[]): OwnedState;
}

function ofState(state: State, place: string, how: Preparation): DifferentiableState {
  refuseEnded(how.where, state);
  const watched: Tensor[] = [];
  const outline = new Outline();
  const builder = new StatesBuilder(1);
  walkState(state, {
    enter: (key) => {
      outline.enter(key);
      builder.enter(key);
    },
    leaf: (key, leaf) => {
      const before = watched.length;
      const at = () => `${place} at ${formatPath(outline.pathTo(key))}`;
      builder.put(0, key, withValue(leaf, watch(heldValue(leaf), at, how, watched)));
      if (watched.length > before) outline.leaf(key, leaf);
    },
    exit: () => {
      outline.exit();
      builder.exit();
    },
  });
  return {
    argument: builder.finish()[0] as OwnedState,
    watched,
    build: (gradients) => outline.fill(gradients),
    read: (gradient) => outline.read(how.where, gradient),
    restore: () => {},
  };
}

/** The State in it; the definition is a constant, and the gradient's too. */
function ofGraphState({ graphdef, state }: GraphState, place: string, how: Preparation): Differentiable {
  const inner = ofState(state, place, how);
  return {
    argument: graphStateOf(graphdef, inner.argument),
    watched: inner.watched,
    build: (gradients) => graphStateOf(graphdef, inner.build(gradients)),
    read: (gradient) => inner.read(isGraphState(gradient) ? gradient.state : gradient),
    restore: () => {
      inner.restore();
    },
  };
}

/** Each item for itself: what an array, a plain object or a Map holds may be anything. */
function ofContainer(container: object, place: string, how: Preparation): Differentiable {
  const kind = containerKind(container) as ContainerKind;
  const parts: (readonly [key: unknown, part: Differentiable])[] = [];
  const restore = (): void => {
    for (const [, part] of parts) part.restore();
  };
  try {
    for (const [key, item] of entriesOf(container))
      parts.push([key, differentiable(item, `${place}.${String(key)}`, how)]);
  } catch (error) {
    restore();
    throw error;
  }
  const assemble = (of: (part: Differentiable) => unknown): unknown =>
    containerFrom(
      kind,
      parts.map(([key, part]) => [key, of(part)] as const),
    );
  const itemOf = (gradient: unknown, key: unknown): unknown =>
    gradient instanceof Map
      ? gradient.get(key)
      : typeof gradient === "object" && gradient !== null
        ? Reflect.get(gradient, String(key))
        : undefined;
  return {
    argument: assemble((part) => part.argument),
    watched: parts.flatMap(([, part]) => part.watched),
    build: (gradients) => {
      let start = 0;
      return assemble((part) => {
        const own = gradients.slice(start, start + part.watched.length);
        start += part.watched.length;
        return part.build(own);
      });
    },
    read: (gradient) => parts.flatMap(([key, part]) => part.read(itemOf(gradient, key))),
    restore,
  };
}
