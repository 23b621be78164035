/** @file A mutable box with identity: what changes in a model while its structure stays. */
import { describe, DisposedError, NotFoundError } from "../errors.ts";
import { release, retain } from "../ownership/holders.ts";
import type { Metadata, VariableState, VariableType } from "./variable-state.ts";

const disposed: unique symbol = Symbol("disposed");
const noMetadata: Metadata = Object.freeze({});

/**
 * A value that a model holds and changes: parameters, statistics, RNG counts. It has identity (sharing one is tying
 * weights), a type that filters select by, and metadata.
 *
 * The value may be a tensor, a key, a number, or arrays and plain objects of these. Tensors in it are retained while it
 * holds them.
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
  /** The last snapshot, so that an unchanged Variable gives an identical leaf. */
  private leaf: VariableState<T> | undefined;

  /**
   * @param value - What it holds first; passes through {@link createValue}.
   * @param metadata - Frozen copies are kept. A `tag` is what string filters match.
   */
  constructor(value: T, metadata: Metadata = noMetadata) {
    this.meta = metadata === noMetadata ? noMetadata : Object.freeze({ ...metadata });
    this.raw = value;
    const created = this.createValue(value);
    retain(created);
    this.raw = created;
    this.leaf = undefined;
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
    retain(next);
    this.raw = next;
    this.leaf = undefined;
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
    this.leaf = undefined;
  }

  deleteMetadata(name: string): void {
    const { [name]: _, ...rest } = this.meta;
    this.replaceMetadata(rest);
  }

  /** A new Variable of the same type with the same value, or another one; `metadata` is merged in. */
  copy(...overrides: [] | [value: T] | [value: T, metadata: Metadata]): this {
    const value = overrides.length > 0 ? (overrides[0] as T) : this.getRawValue();
    const metadata = overrides[1] ? { ...this.meta, ...overrides[1] } : this.meta;
    return variableFromState({ type: this.type, value, metadata }) as this;
  }

  /** The leaf that this Variable leaves in a State: frozen, and identical until value or metadata change. */
  toState(): VariableState<T> {
    this.leaf ??= Object.freeze({ type: this.type, value: this.getRawValue(), metadata: this.meta });
    return this.leaf;
  }

  /** Releases what it holds. Reading it afterwards throws. */
  dispose(): void {
    if (this.raw === disposed) return;
    const previous = this.raw;
    this.raw = disposed;
    this.leaf = undefined;
    release(previous);
  }

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

/** A live Variable from a leaf. Constructors and `createValue` do not run: the value is stored as it is. */
export function variableFromState<V extends Variable>({ type, value, metadata }: VariableState): V {
  const variable = Object.create(type.prototype) as V;
  retain(value);
  Object.assign(variable, {
    raw: value,
    meta: Object.isFrozen(metadata) ? metadata : Object.freeze({ ...metadata }),
    leaf: undefined,
  });
  return variable;
}
