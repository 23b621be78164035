/** @file Variables: mutable boxes with identity, which change while a model's structure stays. */
import { ofThisCopy } from "../data/copies.ts";
import { nameDisposeMethod } from "../data/dispose-symbol.ts";
import { instancesPrintAs } from "../data/printing.ts";
import { neverProxied } from "../data/proxies.ts";
import { describe, DisposedError, disposedText, endedText, StructureError } from "../errors.ts";
import { isTensor } from "../tensor.ts";
import { definitionOf } from "./definitions.ts";
import { variableFromState } from "./from-state.ts";
import { entryOf, leafFor, metadataFrom, noMetadata } from "./frozen.ts";
import { type Gone, holdFirst, holdNext, isGone, released, releaseValue, setAccess } from "./held-value.ts";
import { observer, readObserver } from "./observer.ts";
import { setUnseenAccess } from "./unseen.ts";
import {
  type Metadata,
  sameMetadata,
  type VariableDef,
  type VariableState,
  type VariableType,
} from "./variable-state.ts";
import { variableText } from "./variable-text.ts";

const isLive = <T>(leaf: VariableState<T | Gone>): leaf is VariableState<T> => !isGone(leaf.value);

/** The methods by which a value is read and written. */
const accessors = ["getValue", "setValue", "getRawValue", "setRawValue", "toState", "takeState"] as const;

/**
 * A value that a model holds and changes: parameters, statistics, RNG counts. It has identity
 * (sharing one is tying weights), a type that filters select by, and metadata.
 *
 * The value may be a tensor, a key, a number, or arrays and plain objects of these. Tensors in it
 * live while the Variable holds them. Arrays and plain objects are frozen, since States share them.
 * Subclasses may override `createValue`, `getValue` and `setValue`, but should have no fields of
 * their own: `merge` restores value and metadata only.
 * @see Flax `nnx.Variable`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const scale = new nnx.Param(tf.ones([3]), { tag: "head" });
 * scale.value = tf.zeros([3]); // the old tensor is released
 * ```
 */
export class Variable<T = unknown> {
  /**
   * The type's name in errors, prints and files. Minifiers rename classes, so each subclass states
   * it.
   */
  static readonly typeName: string = "Variable";

  declare protected readonly nominal: { readonly variable: true };

  /**
   * The value and metadata as a frozen leaf, which States share. Each write replaces it with a new
   * one.
   */
  private leaf: VariableState<T | Gone>;

  /** The leaf whose value nobody has read: see `unseen.ts`. Absent in most Variables. */
  declare private unseen?: VariableState | undefined;

  /**
   * @param value - What it holds first; passes through {@link createValue}.
   * @param metadata - Frozen copies are kept. A `tag` is what string filters match.
   */
  constructor(value: T, metadata: Metadata = noMetadata) {
    const { type } = this;
    const own = metadataFrom(type.typeName, metadata);
    this.leaf = Object.freeze({ type, value, metadata: own });
    const created = this.createValue(value);
    holdFirst(this, created);
    if (created !== value) this.leaf = Object.freeze({ type, value: created, metadata: own });
    observer?.(this, "new");
  }

  /** The Variable's class. */
  get type(): VariableType<this> {
    return this.constructor as VariableType<this>;
  }

  /** The value, through {@link getValue} and {@link setValue}. */
  get value(): T {
    return this.getValue();
  }

  set value(next: T) {
    this.setValue(next);
  }

  /** Override to change what a new Variable stores. */
  createValue(value: T): T {
    return value;
  }

  /** Override to change what reading gives. */
  getValue(): T {
    return this.getRawValue();
  }

  /**
   * Override to change what writing stores. Any value is taken: shape and dtype are not compared.
   */
  setValue(next: T): void {
    this.setRawValue(next);
  }

  /** The stored value, without calling any override. */
  getRawValue(): T {
    readObserver?.read(this);
    const { value } = this.live();
    if (this.unseen === this.leaf) this.unseen = undefined;
    if (isTensor(value) && value.isDisposed)
      throw new DisposedError(disposedText(`${this.type.typeName}.value`, value));
    return value;
  }

  /** Stores a value without calling any override. Holds the new tensors, then releases the old. */
  setRawValue(next: T): void {
    const { type, value, metadata } = this.leaf;
    if (value === next) {
      readObserver?.kept(this, false);
      return;
    }
    observer?.(this, "write");
    holdNext(this, next, value);
    this.leaf = Object.freeze({ type, value: next, metadata });
  }

  /** All metadata, frozen. */
  get metadata(): Metadata {
    return this.leaf.metadata;
  }

  private live(): VariableState<T> {
    const { leaf } = this;
    if (isLive(leaf)) return leaf;
    throw new DisposedError(endedText(`${this.type.typeName}.value`, "Variable", leaf.value === released));
  }

  /**
   * One metadata entry.
   * @throws {@link NotFoundError} when it is missing and no fallback is given.
   */
  getMetadata(name: string, ...fallback: [] | [unknown]): unknown {
    return entryOf(this.type.typeName, this.metadata, name, fallback);
  }

  /** Whether there is a metadata entry of this name. */
  hasMetadata(name: string): boolean {
    return Object.hasOwn(this.metadata, name);
  }

  /** Merges entries into the metadata. */
  setMetadata(entries: Metadata): void {
    this.replaceMetadata({ ...this.metadata, ...metadataFrom(this.type.typeName, entries) });
  }

  /** Replaces all metadata with `metadata`. */
  replaceMetadata(metadata: Metadata): void {
    observer?.(this, "write");
    const { type, value } = this.leaf;
    this.leaf = Object.freeze({ type, value, metadata: metadataFrom(type.typeName, metadata) });
  }

  /** Removes one metadata entry; nothing happens when there is none. */
  deleteMetadata(name: string): void {
    const { [name]: _, ...rest } = this.metadata;
    this.replaceMetadata(rest);
  }

  /**
   * A new Variable of the same type with the same value, or another one; `metadata` is merged in.
   * Neither `createValue` nor `setValue` runs.
   * @see Flax `Variable.copy`
   */
  copy(...overrides: [] | [value: T] | [value: T, metadata: Metadata]): this {
    const value = overrides.length > 0 ? (overrides[0] as T) : this.getRawValue();
    const metadata = overrides[1]
      ? { ...this.metadata, ...metadataFrom(this.type.typeName, overrides[1]) }
      : this.metadata;
    return variableFromState<this>({ type: this.type, value, metadata });
  }

  /** Like {@link copy}, with another value. @see Flax `Variable.replace` */
  replace(value: T, metadata?: Metadata): this {
    return metadata ? this.copy(value, metadata) : this.copy(value);
  }

  /**
   * Takes over value and metadata of a Variable of the same type.
   * @throws {@link StructureError} when the types differ.
   * @see Flax `Variable.copy_from`
   */
  copyFrom(other: Variable<T>): void {
    if (other.type !== (this.type as VariableType)) {
      throw new StructureError(
        `${this.type.typeName}.copyFrom: expected a ${this.type.typeName}, got ${describe(other)}. ` +
          "Write other.value to take the value alone.",
      );
    }
    this.setRawValue(other.getRawValue());
    if (other.metadata !== this.metadata) this.replaceMetadata(other.metadata);
  }

  /** Whether the other is of exactly this type and has equal metadata; values are not looked at. */
  isLike(other: Variable): boolean {
    return other.type === (this.type as VariableType) && sameMetadata(other.metadata, this.metadata);
  }

  /**
   * The leaf of this Variable for a State. It is frozen, and the same object until value or
   * metadata change.
   */
  toState(): VariableState<T> {
    const leaf = this.live();
    const taken = readObserver?.taken(this, leaf) ?? leaf;
    if (this.unseen === leaf) this.unseen = undefined;
    // Whoever observes gives a leaf with this value.
    return taken as VariableState<T>;
  }

  /**
   * Takes over value and metadata of a leaf of any type. A frozen leaf of this type is not copied.
   * Neither `createValue` nor `setValue` runs.
   */
  takeState(leaf: VariableState<T>): void {
    const before = this.leaf;
    const next = leafFor(before.type, leaf);
    if (next === before) {
      readObserver?.kept(this, true);
      return;
    }
    observer?.(this, "write");
    if (before.value !== next.value) holdNext(this, next.value, before.value);
    this.leaf = next;
  }

  /**
   * The part of this Variable that belongs to a model's definition. It is frozen, and the same
   * object until the metadata change.
   */
  toDefinition(): VariableDef {
    return definitionOf(this.type, this.metadata);
  }

  /** Releases the value. Reading it afterwards throws. */
  dispose(): void {
    if (this.isDisposed) return;
    observer?.(this, "write");
    releaseValue(this);
  }

  private empty(why: Gone): void {
    const { type, metadata } = this.leaf;
    this.leaf = Object.freeze({ type, value: why, metadata });
  }

  static {
    setAccess({
      valueOf: (variable) => variable.leaf.value,
      empty: (variable, why) => variable.empty(why),
    });
    setUnseenAccess({
      isUnseen: (variable) => variable.unseen === variable.leaf,
      setUnseen: (variable) => {
        variable.unseen = variable.leaf;
      },
      isPlain: (variable) => {
        const given = variable as unknown as Record<string, unknown>;
        const own = Variable.prototype as unknown as Record<string, unknown>;
        return accessors.every((name) => given[name] === own[name]);
      },
    });
  }

  /** Whether the value is gone: disposed by hand or with the model, or ended by a scope. */
  get isDisposed(): boolean {
    return !isLive(this.leaf);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** `Param(Tensor)`, without the value's contents. */
  toString(): string {
    return `${this.type.typeName}(${this.isDisposed ? "disposed" : describe(this.leaf.value)})`;
  }
}
nameDisposeMethod(Variable.prototype);
instancesPrintAs(Variable.prototype, {
  line: String,
  json: (variable) =>
    variable.isDisposed ? String(variable) : variableText(variable.type, variable.toState().value, true),
});

neverProxied(Variable);
ofThisCopy(Variable);
