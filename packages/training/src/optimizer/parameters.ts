/** @file The parameters of a model that an optimizer trains, with their gradients. */
import { isTensor, type Tensor } from "@nnxjs/kernels/internal";
import {
  type Filter,
  formatPath,
  type GraphState,
  type Path,
  type PathPart,
  type Predicate,
  type State,
  type StateLeaf,
  StructureError,
  isVariableState,
  toPredicate,
  Variable,
} from "@nnxjs/nnx-core";
import {
  checkTensor,
  describe,
  glance,
  GraphWalk,
  isGraphState,
  isOwner,
  type LeafPlace,
  leafValue,
  needsPath,
  walkState,
} from "@nnxjs/nnx-core/internal";
import { below, type Gradients, gradientIn } from "./gradients.ts";
import { newBranch } from "../tree/structure.ts";
import type { Tree } from "../tree/tree.ts";
import { withVariables } from "../tree/variables.ts";
import { isLike } from "../tree/like.ts";

/**
 * What is trained, as nested records of the same paths, without anything that the filter did not
 * select.
 */
export interface Parameters {
  /** The Variables, or where a tensor is that has none around it. */
  readonly places: object;
  readonly values: Tree;
  /** Empty where none were asked for. */
  readonly gradients: Tree;
  /** What `places` has, as a list. */
  readonly list: readonly unknown[];
}

/** Whether `x` is values without a model. */
export const isValues = (x: object): x is State | GraphState => isOwner(x) || isGraphState(x);

/**
 * The parameters that the filter selects, and the gradient of each; `undefined` when there is none.
 * @param model - A module, a Variable, containers of these, or a State.
 * @param option - The name of the filter, for messages.
 * @throws StructureError for a parameter that is no float32 tensor, and for one without a gradient
 * like itself.
 */
export function parametersOf(
  where: string,
  model: object,
  wrt: Filter,
  gradients?: Gradients,
  option = "wrt",
): Parameters | undefined {
  const finder = new ParameterFinder(where, toPredicate(wrt), gradients, isValues(model), option);
  if (isValues(model)) walkState(isGraphState(model) ? model.state : model, finder);
  else new GraphWalk(finder).run(model);
  return finder.finish();
}

/** Where a tensor is that no Variable holds. */
export class BareTensor {
  readonly owner: object;
  readonly key: PathPart;

  constructor({ owner, key }: LeafPlace) {
    this.owner = owner;
    this.key = key;
  }
}

type Records = readonly [
  places: Record<string, unknown>,
  values: Record<string, unknown>,
  gradients: Record<string, unknown>,
];

/** Where the walk is. Records are made when something is found. */
interface Level {
  readonly key: PathPart;
  readonly parent: Level | undefined;
  /** What the gradients have here. */
  readonly gradients: unknown;
  records: Records | undefined;
}

class ParameterFinder {
  private readonly where: string;
  private readonly matches: Predicate;
  private readonly needPaths: boolean;
  private readonly withGradients: boolean;
  private readonly inState: boolean;
  private readonly option: string;
  private level: Level;
  private readonly list: unknown[] = [];

  constructor(
    where: string,
    matches: Predicate,
    gradients: Gradients | undefined,
    inState: boolean,
    option: string,
  ) {
    this.where = where;
    this.option = option;
    this.inState = inState;
    this.matches = matches;
    this.needPaths = needsPath(matches);
    this.withGradients = gradients !== undefined;
    const start: unknown = isGraphState(gradients) ? gradients.state : gradients;
    this.level = { key: "", parent: undefined, gradients: start, records: undefined };
  }

  enter(key: PathPart): void {
    const parent = this.level;
    this.level = { key, parent, gradients: below(parent.gradients, key), records: undefined };
  }

  leaf(key: PathPart | undefined, place: unknown, walk?: GraphWalk): void {
    // A State that a model keeps never changes, so that nothing in it is trained.
    if (!this.inState && isVariableState(place)) return;
    // Paths cost more than the walk: most filters look at types only.
    if (!this.matches(this.needPaths ? this.pathTo(key) : noPath, place)) return;
    const value = this.parameter(key, place);
    const [places, values, gradients] = recordsOf(this.level);
    // A Variable that is the whole model has no path; a key is what records have.
    const name = key ?? "";
    const attribute = place instanceof Variable ? undefined : walk?.place();
    places[name] = attribute ? new BareTensor(attribute) : place;
    this.list.push(places[name]);
    values[name] = value;
    if (this.withGradients) gradients[name] = this.gradient(key, value);
  }

  exit(): void {
    const { key, parent, records } = this.level;
    if (!parent) return;
    this.level = parent;
    if (!records) return;
    const above = recordsOf(parent);
    above.forEach((record, i) => {
      record[key] = records[i];
    });
  }

  finish(): Parameters | undefined {
    const { records } = this.level;
    if (!records) return undefined;
    const [places, values, gradients] = records as readonly [object, Tree, Tree];
    return { places, values: withVariables(values, places), gradients, list: this.list };
  }

  private parameter(key: PathPart | undefined, place: unknown): Tensor {
    const value =
      place instanceof Variable ? glance(place, (variable) => variable.value) : leafValue(place as StateLeaf);
    if (!isTensor(value) || value.dtype !== "float32") {
      throw new StructureError(
        `${this.at(key)}: expected float32 tensors to optimize, got ${describe(value)}. Leave it out with { ${this.option} }.`,
      );
    }
    if (value.isDisposed) checkTensor(this.at(key), "the parameter", value);
    return value;
  }

  private gradient(key: PathPart | undefined, value: Tensor): Tensor {
    const { gradients } = this.level;
    const gradient = gradientIn(key === undefined ? gradients : below(gradients, key));
    if (!isTensor(gradient) || !isLike(gradient, value)) {
      throw new StructureError(
        `${this.at(key)}: expected a gradient like ${describe(value)}, got ${describe(gradient)}. ` +
          "Differentiate with the same `wrt` as the optimizer's, and pass the gradients of this model.",
      );
    }
    if (gradient.isDisposed) checkTensor(this.at(key), "the gradient", gradient);
    return gradient;
  }

  /** For messages only: a path costs as much as the walk is deep. */
  private at(key: PathPart | undefined): string {
    return `${this.where} at ${formatPath(this.pathTo(key))}`;
  }

  private pathTo(key: PathPart | undefined): Path {
    const path: PathPart[] = key === undefined ? [] : [key];
    for (let level = this.level; level.parent; level = level.parent) path.push(level.key);
    return path.reverse();
  }
}

const noPath: Path = [];

function recordsOf(level: Level): Records {
  level.records ??= [newBranch(), newBranch(), newBranch()];
  return level.records;
}
