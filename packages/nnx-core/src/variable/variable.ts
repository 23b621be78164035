/** @file A mutable box with identity: what changes in a model while its structure stays. */
import { describe, DisposedError, NotFoundError, StructureError } from "../errors.ts";
import { freezeContainers } from "../ownership/freeze.ts";
import { release, retain } from "../ownership/holders.ts";
import { definitionOf, leafOf, setDefinition, setLeaf, stamp } from "./snapshot.ts";
import {
  type Metadata,
  sameMetadata,
  type VariableDef,
  type VariableState,
  type VariableType,
} from "./variable-state.ts";

const disposed: unique symbol = Symbol("disposed");
const noMetadata: Metadata = Object.freeze({});

/**
 * A value that a model holds and changes: parameters, statistics, RNG counts. It has identity (sharing one is tying
 * weights), a type that filters select by, and metadata.
 *
 * The value may be a tensor, a key, a number, or arrays and plain objects of these. Tensors in it are retained while it
 * holds them; arrays and plain objects are frozen, since the States that were taken share them. Subclasses may override `createValue`,
 * `getValue` and `setValue`, but should have no fields of their own: `merge` restores value and metadata only.
 * @see Flax `nnx.Variable`
 * @example
 * ```ts
 * const scale = new nnx.Param(tf.ones([3]), { tag: "head" });
 * scale.value = tf.zeros([3]); // the old tensor is released
 * ```
 */
export class Variable<T = unknown> {
  /** The type's name in errors, prints and files. Minifiers rename classes, so each subclass states it. */
  static readonly typeName: string = "Variable";

  declare protected readonly nominal: { readonly variable: true };

  private raw: T | typeof disposed;
  private meta: Metadata;

  /**
   * @param value - What it holds first; passes through {@link createValue}.
   * @param metadata - Frozen copies are kept. A `tag` is what string filters match.
   */
  constructor(value: T, metadata: Metadata = noMetadata) {
    this.meta = metadata === noMetadata ? noMetadata : Object.freeze({ ...metadata });
    stamp(this, undefined);
    this.raw = value;
    const created = this.createValue(value);
    freezeContainers(created);
    retain(created);
    this.raw = created;
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

  /** Override to change what writing stores. Any value is taken: shape and dtype are not compared. */
  setValue(next: T): void {
    this.setRawValue(next);
  }

  /** What is stored, past any override. */
  getRawValue(): T {
    const { raw } = this;
    if (raw !== disposed) return raw;
    throw new DisposedError(
      `${this.type.typeName}.value: expected a live Variable, got one that was disposed. ` +
        "Dispose a model only after its last use, or clone it before.",
    );
  }

  /** Stores a value past any override; retains the new tensors, then releases the old. */
  setRawValue(next: T): void {
    const previous = this.raw;
    if (previous === next) return;
    freezeContainers(next);
    retain(next);
    this.raw = next;
    setLeaf(this, undefined);
    if (previous !== disposed) release(previous);
  }

  /** All metadata, frozen. */
  get metadata(): Metadata {
    return this.meta;
  }

  /** One metadata entry. @throws {@link NotFoundError} when it is missing and no fallback is given. */
  getMetadata(name: string, ...fallback: [] | [unknown]): unknown {
    if (name in this.meta) return this.meta[name];
    if (fallback.length > 0) return fallback[0];
    throw new NotFoundError(
      `${this.type.typeName}.getMetadata: expected one of {${Object.keys(this.meta).join(", ")}}, got ` +
        `${JSON.stringify(name)}. Pass a fallback as the second argument if it may be missing.`,
    );
  }

  /** Whether there is a metadata entry of this name. */
  hasMetadata(name: string): boolean {
    return name in this.meta;
  }

  /** Merges entries into the metadata. */
  setMetadata(entries: Metadata): void {
    this.replaceMetadata({ ...this.meta, ...entries });
  }

  /** Puts `metadata` in the place of all there was. */
  replaceMetadata(metadata: Metadata): void {
    this.meta = Object.freeze({ ...metadata });
    setLeaf(this, undefined);
    setDefinition(this, undefined);
  }

  /** Removes one metadata entry; nothing happens when there is none. */
  deleteMetadata(name: string): void {
    const { [name]: _, ...rest } = this.meta;
    this.replaceMetadata(rest);
  }

  /**
   * A new Variable of the same type with the same value, or another one; `metadata` is merged in. Neither `createValue` nor `setValue` runs.
   * @see Flax `Variable.copy`
   */
  copy(...overrides: [] | [value: T] | [value: T, metadata: Metadata]): this {
    const value = overrides.length > 0 ? (overrides[0] as T) : this.getRawValue();
    const metadata = overrides[1] ? { ...this.meta, ...overrides[1] } : this.meta;
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
    if (other.meta !== this.meta) this.replaceMetadata(other.meta);
  }

  /** Whether the other is of exactly this type and has equal metadata; values are not looked at. */
  isLike(other: Variable): boolean {
    return other.type === (this.type as VariableType) && sameMetadata(other.meta, this.meta);
  }

  /** The leaf that this Variable leaves in a State: frozen, and identical until value or metadata change. */
  toState(): VariableState<T> {
    const known = leafOf(this);
    // It was made from this Variable's own value.
    if (known) return known as VariableState<T>;
    const leaf: VariableState<T> = Object.freeze({
      type: this.type,
      value: this.getRawValue(),
      metadata: this.meta,
    });
    setLeaf(this, leaf);
    return leaf;
  }

  /** What of this Variable is part of a model's definition: frozen, and identical until the metadata change. */
  toDefinition(): VariableDef {
    const known = definitionOf(this);
    if (known) return known;
    const definition: VariableDef = Object.freeze({ kind: "variable", type: this.type, metadata: this.meta });
    setDefinition(this, definition);
    return definition;
  }

  /** Releases what it holds. Reading it afterwards throws. */
  dispose(): void {
    if (this.raw === disposed) return;
    const previous = this.raw;
    this.raw = disposed;
    setLeaf(this, undefined);
    release(previous);
  }

  /** Whether it was disposed, itself or with its model. */
  get isDisposed(): boolean {
    return this.raw === disposed;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** `Param(Tensor)`, without the value's contents. */
  toString(): string {
    return `${this.type.typeName}(${this.raw === disposed ? "disposed" : describe(this.raw)})`;
  }
}

/** What {@link variableFromState} makes Variables with: a constructor for the prototype that runs nothing of the class. */
type Blank = new (value: unknown, metadata: Metadata) => Variable;

const blanks = new WeakMap<VariableType, Blank>();

function blankOf(type: VariableType): Blank {
  const known = blanks.get(type);
  if (known) return known;
  // A plain function, since only those let their prototype be set; the fields are those of `Variable`, in its order.
  function BlankVariable(this: object, raw: unknown, meta: Metadata): void {
    const fields = this as { raw: unknown; meta: Metadata };
    fields.raw = raw;
    fields.meta = meta;
  }
  BlankVariable.prototype = type.prototype;
  const blank = BlankVariable as unknown as Blank;
  blanks.set(type, blank);
  return blank;
}

/** A live Variable from a leaf. Constructors and `createValue` do not run: the value is stored as it is. */
export function variableFromState<V extends Variable>(state: VariableState): V {
  const { type, value, metadata } = state;
  freezeContainers(value);
  retain(value);
  const isFrozen = metadata === noMetadata || Object.isFrozen(metadata);
  const variable = new (blankOf(type))(value, isFrozen ? metadata : Object.freeze({ ...metadata }));
  // A frozen leaf is the snapshot that the new Variable would make of itself.
  stamp(variable, isFrozen && Object.isFrozen(state) ? state : undefined);
  return variable as V;
}
