/** @file Cuts arguments into slices: values into values, modules in place. */
import { isArrayLike } from "../data/array-like.ts";
import { containerFrom, containerKind, entriesOf } from "../data/containers.ts";
import { pathOf, type Place } from "../data/place.ts";
import { describe, StructureError } from "../errors.ts";
import { graphStateOf, isGraphState } from "../graph/graph-state.ts";
import { GraphNode } from "../graph/node.ts";
import { Walk } from "../graph/walk.ts";
import { tensorsIn } from "../ownership/tensors-in.ts";
import { formatPath, type Path, type PathPart } from "../path.ts";
import type { FirstSlice } from "../program/batch/first-slice.ts";
import { looking } from "../program/host-value.ts";
import { recordingNow } from "../program/recording.ts";
import { isStateLike } from "../state/check-state.ts";
import { flattenState, unflattenState } from "../state/flatten-state.ts";
import { isOwner, refuseEnded } from "../state/holding.ts";
import { withValue } from "../state/map.ts";
import { leafValue, type State } from "../state/state.ts";
import { isTensor } from "../tensor.ts";
import type { Below, VariableAt } from "../undo/known-modules.ts";
import { asLoan, unobserved } from "../variable/observer.ts";
import { isVariableState } from "../variable/variable-state.ts";
import { Variable } from "../variable/variable.ts";
import { type MapAxes, axesBelow, axisOfLeaf, Carry, StateAxes } from "./axes.ts";
import { type Cut, cut } from "./axis-values.ts";
import { Claims } from "./claims.ts";
import { Slot } from "./slots.ts";

/** What the function gets in the place of an argument, for one slice. */
interface Part {
  /** Whether it is the same object for every slice. */
  readonly isConstant: boolean;
  at(index: number, late?: FirstSlice): unknown;
}

const constant = (value: unknown): Part => ({ isConstant: true, at: () => value });

/** How arguments are cut. */
export interface SlicingOptions {
  /** What error messages call the function. */
  readonly where: string;
  /** Whether a module whose axes are `null` keeps what one slice wrote for the next. */
  readonly keepsWhole: boolean;
}

/** A module in an argument. */
export interface GivenModule {
  readonly module: GraphNode;
  readonly axes: MapAxes;
  /** What error messages call it. */
  readonly place: string;
}

/** The arguments of one call, cut along their axes. */
export class SlicedArguments {
  readonly slots: Slot[] = [];
  /** The other values that are cut: those of arguments that are no modules. */
  readonly cuts: Cut[] = [];
  /** The modules that are put back after each slice, with their axes and places. */
  readonly modules: GivenModule[] = [];
  private readonly where: string;
  private readonly below: Below;
  private readonly keepsWhole: boolean;
  private readonly parts: readonly Part[];
  /** The sizes along the axes, each with the first place that has it. */
  private readonly sizes = new Map<number, () => string>();
  private readonly claims: Claims;
  private isLent = false;

  /** @param below - What the arguments have below them. */
  constructor(
    args: readonly unknown[],
    axes: readonly MapAxes[],
    { where, keepsWhole }: SlicingOptions,
    below: Below,
  ) {
    this.where = where;
    this.below = below;
    this.claims = new Claims(where);
    this.keepsWhole = keepsWhole;
    try {
      this.parts = args.map((argument, i) => {
        // Refuses containers that contain themselves.
        if (containerKind(argument) !== undefined && !isOwner(argument as object)) tensorsIn(argument);
        return this.part(argument, axes[i] as MapAxes, [i]);
      });
    } catch (error) {
      this.release();
      throw error;
    }
  }

  /**
   * How many slices there are.
   * @param asked - The number that the user gave.
   * @param option - The name of the option for it.
   * @throws {@link StructureError} when sizes differ, or are 0, or nothing tells.
   */
  size(asked: number | undefined, option: string, least: number): number {
    const all = [...this.sizes.keys()];
    const [size = asked] = all;
    const isOne = all.length < 2 && (asked === undefined || size === asked);
    if (isOne && size !== undefined && size >= least) return size;
    const known = [...this.sizes].map(([each, place]) => `${each} in ${place()}`);
    if (asked !== undefined) known.push(`${option}: ${asked}`);
    throw new StructureError(
      `${this.where}: expected tensors with one size above 0 along the looped axes, got ${known.join(", ") || "none"}. ` +
        `Choose the axes with { inAxes }, null for what is not looped over, or say { ${option} }; without a slice nobody knows what the result looks like.`,
    );
  }

  /** Whether the argument has Variables or arrays that an argument has. */
  isGiven(owner: object, key?: PathPart): boolean {
    return this.claims.has(owner, key);
  }

  /**
   * Puts a slice in place. Observers see the first one alone, unless a recording has to follow
   * each.
   * @param late - See {@link Cut}.
   * @returns the arguments of the function.
   */
  lend(index: number, late?: FirstSlice): unknown[] {
    const lendAll = (): void =>
      asLoan(() => {
        for (const slot of this.slots) slot.lend(index, late);
      });
    if (this.isLent && !recordingNow()) unobserved(lendAll);
    else lendAll();
    this.isLent = true;
    return this.parts.map((part) => part.at(index, late));
  }

  release(): void {
    for (const slot of this.slots) slot.release();
  }

  private part(value: unknown, axes: MapAxes, path: Path): Part {
    if (typeof value !== "object" || value === null) return constant(value);
    if (value instanceof GraphNode) return this.module(value, axes, path);
    if (value instanceof Variable) {
      this.leaf(value, value, axes, undefined, path);
      return constant(value);
    }
    if (isTensor(value) || isArrayLike(value)) {
      const axis = axisOfLeaf(() => this.at(path), axes, undefined, value);
      return typeof axis === "number" ? this.cutPart(value, axis, path, false) : constant(value);
    }
    if (isGraphState(value)) {
      const inner = this.part(value.state, axes, path);
      return inner.isConstant
        ? constant(value)
        : {
            isConstant: false,
            at: (i, late) => graphStateOf(value.graphdef, inner.at(i, late) as typeof value.state),
          };
    }
    if (isVariableState(value) || (isStateLike(value) && !hasStates(value)))
      return this.state(value, axes, path);
    const kind = containerKind(value);
    if (kind === undefined) return constant(value);
    const items = entriesOf(value).map(([key, item]) => {
      const own = kind === "array" ? Number(key) : (key as PathPart);
      return [key, this.part(item, axesBelow(this.at(path), axes, value, own), [...path, own])] as const;
    });
    if (items.every(([, part]) => part.isConstant)) return constant(value);
    return {
      isConstant: false,
      at: (index, late) =>
        containerFrom(
          kind,
          items.map(([key, part]) => [key, part.at(index, late)] as const),
        ),
    };
  }

  private cutPart(value: unknown, axis: number, path: Path, areNumbersData: boolean): Part {
    const made = this.cut(value, axis, path, areNumbersData);
    return { isConstant: false, at: (index, late) => made.at(index, late) };
  }

  private cut(value: unknown, axis: number, path: Path, areNumbersData: boolean): Cut {
    const made = cut(value, axis, () => this.at(path), areNumbersData);
    if (made.size !== undefined && !this.sizes.has(made.size))
      this.sizes.set(made.size, () => placeText(path));
    this.cuts.push(made);
    return made;
  }

  private at(path: Path): string {
    return `${this.where} in ${placeText(path)}`;
  }

  private module(module: GraphNode, axes: MapAxes, path: Path): Part {
    const keeps = axes === Carry || (axes === null && this.keepsWhole);
    if (!keeps) this.modules.push({ module, axes, place: this.at(path) });
    const variable = ({ variable, place }: VariableAt): void =>
      this.leaf(variable, variable, axes, place, path);
    const { below } = this;
    if (below.module === module && below.variables) {
      for (const each of below.variables) variable(each);
      return constant(module);
    }
    const walk = new Walk(module);
    while (walk.nextOnce("all")) {
      const { kind, value, key } = walk;
      if (kind === "variable") variable({ variable: value as Variable, place: walk.place() });
      else if (kind === "leaf" && walk.owner) {
        const owner = walk.owner.value;
        if (isVariableState(value) || isOwner(owner) || Object.isFrozen(owner))
          this.kept(axes, value, walk.path(), path);
        else this.leaf({ owner, key }, value as object, axes, walk.place(), path);
      }
    }
    return constant(module);
  }

  /** A leaf of a State that a module keeps. It cannot be cut, since States never change. */
  private kept(axes: MapAxes, value: unknown, inner: Path, path: Path): void {
    const axis = axisOfLeaf(() => this.at(path), axes, inner, value);
    if (typeof axis !== "number") return;
    throw new StructureError(
      `${this.at([...path, ...inner])}: expected values in Variables, got ${describe(value)} in a State or frozen object that a module keeps. ` +
        "Give it the axis null with StateAxes, or pass the State as an argument.",
    );
  }

  private leaf(
    holder: Slot["holder"],
    value: object,
    axes: MapAxes,
    inner: Place | undefined,
    path: Path,
  ): void {
    const innerPath = (): Path => (inner ? pathOf(inner) : []);
    const axis = axisOfLeaf(() => this.at(path), axes, axes instanceof StateAxes ? innerPath() : [], value);
    const place = (): string => placeText([...path, ...innerPath()]);
    if (!this.claims.claim(holder, axis, place)) return;
    const isCut = typeof axis === "number";
    if (!isCut && (axis !== null || (this.keepsWhole && !(axes instanceof StateAxes)))) return;
    const at = (): string => `${this.where} in ${place()}`;
    const own = holder instanceof Variable ? looking(holder, () => holder.toState()) : undefined;
    const made = isCut ? cut(own ? own.value : value, axis, at, true) : undefined;
    if (made?.size !== undefined && !this.sizes.has(made.size)) this.sizes.set(made.size, place);
    this.slots.push(new Slot(holder, own, made, isCut ? axis : 0, at));
  }

  private state(state: State | ReturnType<Variable["toState"]>, axes: MapAxes, path: Path): Part {
    refuseEnded(this.where, state);
    const cuts = flattenState(state as State).map(([inner, leaf]) => {
      const axis = axisOfLeaf(() => this.at(path), axes, inner, leaf);
      return {
        inner,
        leaf,
        made:
          typeof axis === "number" ? this.cut(leafValue(leaf), axis, [...path, ...inner], true) : undefined,
      };
    });
    if (cuts.every(({ made }) => made === undefined)) return constant(state);
    const leafAt = ({ leaf, made }: (typeof cuts)[number], index: number, late?: FirstSlice) =>
      made ? withValue(leaf, made.at(index, late)) : leaf;
    const at = (index: number, late?: FirstSlice): unknown =>
      isVariableState(state)
        ? leafAt(cuts[0] as (typeof cuts)[number], index, late)
        : unflattenState(cuts.map((each) => [each.inner, leafAt(each, index, late)] as const));
    return { isConstant: false, at };
  }
}

/** Whether a record of States, which is not one itself. */
const hasStates = (x: object): boolean => !isOwner(x) && Object.values(x).some(isOwner);

const placeText = ([argument, ...path]: Path): string =>
  path.length === 0 ? `argument ${argument}` : `argument ${argument} at ${formatPath(path)}`;
