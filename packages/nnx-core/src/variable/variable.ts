/** @file A mutable box with identity: what changes in a model while its structure stays. */
import { nameDisposeMethod } from "../data/dispose-symbol.ts";
import { describe, DisposedError, disposedText, NnxError, NotFoundError, StructureError } from "../errors.ts";
import { release, releaseAtEnd } from "../ownership/holders.ts";
import { forgetThing } from "../ownership/scopes.ts";
import { tensorsIn } from "../ownership/tensors-in.ts";
import { isTensor } from "../tensor.ts";
import { isPlainObject } from "../data/plain-object.ts";
import { neverProxied } from "../data/proxies.ts";
import { definitionOf } from "./definitions.ts";
import { observer } from "./observer.ts";
import {
  disposed,
  type Gone,
  goneText,
  holdFirst,
  holdNext,
  isGone,
  letGoLast,
  ofEndedScope,
  setAccess,
} from "./held-value.ts";
import {
  type Metadata,
  sameMetadata,
  type VariableDef,
  type VariableState,
  type VariableType,
} from "./variable-state.ts";

const noMetadata: Metadata = Object.freeze({});

const frozen = (metadata: Metadata): Metadata =>
  metadata === noMetadata || Object.isFrozen(metadata) ? metadata : Object.freeze({ ...metadata });

/** A frozen copy. @throws {@link NnxError} for what is no object of entries. */
function entriesOf({ typeName }: VariableType, metadata: unknown): Metadata {
  if (isPlainObject(metadata)) return Object.freeze({ ...metadata });
  throw new NnxError(
    `${typeName}: expected metadata by name, got ${describe(metadata)}. Pass an object, such as { tag: "head" }.`,
  );
}

/**
 * A value that a model holds and changes: parameters, statistics, RNG counts. It has identity
 * (sharing one is tying weights), a type that filters select by, and metadata.
 *
 * The value may be a tensor, a key, a number, or arrays and plain objects of these. Tensors in it
 * are retained while it holds them; arrays and plain objects are frozen, since the States that were
 * taken share them. Subclasses may override `createValue`, `getValue` and `setValue`, but should
 * have no fields of their own: `merge` restores value and metadata only.
 * @see Flax `nnx.Variable`
 * @example
 * ```ts
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
   * What it holds, as the leaf that a State would have: frozen, and another object after each
   * write.
   */
  private leaf: VariableState<T | Gone>;

  /**
   * @param value - What it holds first; passes through {@link createValue}.
   * @param metadata - Frozen copies are kept. A `tag` is what string filters match.
   */
  constructor(value: T, metadata: Metadata = noMetadata) {
    const own = metadata === noMetadata ? noMetadata : entriesOf(this.type, metadata);
    this.leaf = Object.freeze({ type: this.type, value, metadata: own });
    const created = this.createValue(value);
    holdFirst(this, created);
    if (created !== value) this.leaf = Object.freeze({ type: this.type, value: created, metadata: own });
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

  /** What is stored, past any override. */
  getRawValue(): T {
    const { value } = this.live();
    if (isTensor(value) && value.isDisposed)
      throw new DisposedError(disposedText(`${this.type.typeName}.value`, value));
    return value;
  }

  /** Stores a value past any override; retains the new tensors, then releases the old. */
  setRawValue(next: T): void {
    const { type, value, metadata } = this.leaf;
    if (value === next) return;
    observer?.(this, "write");
    holdNext(this, next);
    this.leaf = Object.freeze({ type, value: next, metadata });
    letGoLast(this, value);
  }

  /** All metadata, frozen. */
  get metadata(): Metadata {
    return this.leaf.metadata;
  }

  private live(): VariableState<T> {
    const { leaf } = this;
    if (isLive(leaf)) return leaf;
    throw new DisposedError(goneText(this.type.typeName, leaf.value));
  }

  /**
   * One metadata entry.
   * @throws {@link NotFoundError} when it is missing and no fallback is given.
   */
  getMetadata(name: string, ...fallback: [] | [unknown]): unknown {
    const { metadata } = this;
    if (Object.hasOwn(metadata, name)) return metadata[name];
    if (fallback.length > 0) return fallback[0];
    throw new NotFoundError(
      `${this.type.typeName}.getMetadata: expected one of {${Object.keys(metadata).join(", ")}}, got ` +
        `${JSON.stringify(name)}. Pass a fallback as the second argument if it may be missing.`,
    );
  }

  /** Whether there is a metadata entry of this name. */
  hasMetadata(name: string): boolean {
    return Object.hasOwn(this.metadata, name);
  }

  /** Merges entries into the metadata. */
  setMetadata(entries: Metadata): void {
    this.replaceMetadata({ ...this.metadata, ...entriesOf(this.type, entries) });
  }

  /** Puts `metadata` in the place of all there was. */
  replaceMetadata(metadata: Metadata): void {
    observer?.(this, "write");
    const { type, value } = this.leaf;
    this.leaf = Object.freeze({ type, value, metadata: entriesOf(this.type, metadata) });
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
      ? { ...this.metadata, ...entriesOf(this.type, overrides[1]) }
      : this.metadata;
    return variableFromState({ type: this.type, value, metadata }) as this;
  }

  /** As {@link copy}, with another value. @see Flax `Variable.replace` */
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
   * The leaf that this Variable leaves in a State: frozen, and identical until value or metadata
   * change.
   */
  toState(): VariableState<T> {
    return this.live();
  }

  /**
   * Takes over value and metadata of a leaf, whatever its type; a frozen leaf of this type becomes
   * this Variable's own. Neither `createValue` nor `setValue` runs.
   */
  takeState(leaf: VariableState<T>): void {
    const before = this.leaf;
    if (leaf === before) return;
    observer?.(this, "write");
    const { value, metadata } = leaf;
    if (before.value !== value) holdNext(this, value);
    const isOwn = leaf.type === before.type && Object.isFrozen(leaf) && Object.isFrozen(metadata);
    this.leaf = isOwn ? leaf : Object.freeze({ type: before.type, value, metadata: frozen(metadata) });
    if (before.value !== value) letGoLast(this, before.value);
  }

  /**
   * What of this Variable is part of a model's definition: frozen, and identical until the metadata
   * change.
   */
  toDefinition(): VariableDef {
    return definitionOf(this.type, this.metadata);
  }

  /** Releases what it holds. Reading it afterwards throws. */
  dispose(): void {
    if (this.isDisposed) return;
    observer?.(this, "write");
    forgetThing(this);
    release(this.letGo(disposed));
  }

  /** What it held. */
  private letGo(gone: Gone): unknown {
    const { type, value, metadata } = this.leaf;
    this.leaf = Object.freeze({ type, value: gone, metadata });
    return value;
  }

  static {
    setAccess({
      valueOf: (variable) => variable.leaf.value,
      endWithScope: (variable) => {
        // Without tensors there is nothing to free, and it may be a stream that a module from
        // before goes on with.
        if (tensorsIn(variable.leaf.value).length > 0) releaseAtEnd(variable.letGo(ofEndedScope));
      },
    });
  }

  /** Whether it was disposed, itself or with its model. */
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

neverProxied(Variable);

const isLive = <T>(leaf: VariableState<T | Gone>): leaf is VariableState<T> => !isGone(leaf.value);

/**
 * What {@link variableFromState} makes Variables with: a constructor for the prototype that runs
 * nothing of the class.
 */
type Blank = new (leaf: VariableState) => Variable;

const blanks = new WeakMap<VariableType, Blank>();

function blankOf(type: VariableType): Blank {
  const known = blanks.get(type);
  if (known) return known;
  // A plain function, since only those let their prototype be set; it has the one field of
  // `Variable`.
  function BlankVariable(this: object, leaf: VariableState): void {
    (this as { leaf: VariableState }).leaf = leaf;
  }
  BlankVariable.prototype = type.prototype;
  const blank = BlankVariable as unknown as Blank;
  blanks.set(type, blank);
  return blank;
}

/**
 * A live Variable from a leaf. Constructors and `createValue` do not run: the value is stored as it
 * is.
 */
export function variableFromState<V extends Variable>(state: VariableState): V {
  const { type, value, metadata } = state;
  const isOwn = Object.isFrozen(state) && (metadata === noMetadata || Object.isFrozen(metadata));
  const leaf = isOwn ? state : Object.freeze({ type, value, metadata: frozen(metadata) });
  const variable = new (blankOf(type))(leaf) as V;
  holdFirst(variable, value);
  observer?.(variable, "new");
  return variable;
}
