/**
 * @file What static data were at some time. Code may change arrays, plain objects, Maps, Sets, Dates,
 * typed arrays and instances of classes in place, which no comparison with themselves shows.
 */
import { isArrayLike } from "./array-like.ts";
import { containerKind, nested } from "./containers.ts";
import { isNeverProxied } from "./proxies.ts";

/** The contents of an object. */
interface Contents {
  readonly kind: string;
  /** The object itself, where another one with the same contents is not equal. */
  readonly self: object | undefined;
  /** Missing where the values are a list. */
  readonly keys: readonly unknown[] | undefined;
  readonly values: ArrayLike<unknown>;
}

const tagOf = (x: object): string => Object.prototype.toString.call(x);

const isOther = (x: object): boolean =>
  containerKind(x) === undefined &&
  !(x instanceof Set || x instanceof Date || x instanceof ArrayBuffer || ArrayBuffer.isView(x));

/**
 * Whether `x` is an instance of a class, whose fields count as those of plain objects do. Modules,
 * Variables, tensors and keys are no data.
 */
export const isInstance = (x: unknown): x is object =>
  typeof x === "object" && x !== null && isOther(x) && !isArrayLike(x) && !isNeverProxied(x);

/** The own fields of an instance. Accessors are code. */
function fieldsOf(x: object): { keys: unknown[]; values: unknown[] } {
  const keys: unknown[] = [];
  const values: unknown[] = [];
  for (const key of Reflect.ownKeys(x)) {
    const field = Reflect.getOwnPropertyDescriptor(x, key);
    if (!field || !("value" in field)) continue;
    keys.push(key);
    values.push(field.value);
  }
  return { keys, values };
}

/** The contents of an object that has nothing else; `undefined` for everything else. */
function contentsOf(x: unknown): Contents | undefined {
  if (typeof x !== "object" || x === null) return undefined;
  if (isInstance(x)) return { kind: "instance", self: x, ...fieldsOf(x) };
  return isOther(x) ? undefined : { self: undefined, ...dataIn(x) };
}

function dataIn(x: object): Omit<Contents, "self"> {
  const container = containerKind(x);
  if (container === "array") return { kind: container, keys: undefined, values: x as readonly unknown[] };
  if (container === "map") {
    const map = x as ReadonlyMap<unknown, unknown>;
    const keys = [...map.keys()];
    const objects = keys.filter((key) => typeof key === "object");
    return { kind: container, keys, values: [...map.values(), ...objects] };
  }
  if (container === "record") {
    // Symbols and hidden properties count: functions read them, too.
    const keys = Reflect.ownKeys(x);
    return { kind: container, keys, values: keys.map((key) => Reflect.get(x, key) as unknown) };
  }
  if (x instanceof Set) return { kind: "set", keys: undefined, values: [...(x as ReadonlySet<unknown>)] };
  if (x instanceof Date) return { kind: "date", keys: undefined, values: [x.getTime()] };
  if (x instanceof ArrayBuffer) return { kind: "buffer", keys: undefined, values: new Uint8Array(x) };
  const { buffer, byteOffset, byteLength } = x as ArrayBufferView;
  // Bytes, so that all kinds of NaN count.
  const bytes = new Uint8Array(buffer, byteOffset, byteLength);
  return { kind: tagOf(x), keys: undefined, values: bytes };
}

/** Whether data have parts that change without a new object, but arrays, plain objects and Maps. */
export const isVolatile = (x: unknown): boolean =>
  typeof x === "symbol" || (containerKind(x) === undefined && contentsOf(x) !== undefined);

/** Whether a look at what is under the keys of containers and instances shows all of an object. */
export const isOpen = (x: unknown): x is object => containerKind(x) !== undefined || isInstance(x);

/** Whether a look at what is under the keys of containers and instances misses some contents. */
export function hasHidden(data: unknown): boolean {
  for (const x of nested(data, isOpen)) {
    if (!isOpen(x) && isVolatile(x)) return true;
    const kind = containerKind(x);
    if (
      kind === "map" &&
      [...(x as ReadonlyMap<unknown, unknown>).keys()].some((key) => typeof key === "object")
    )
      return true;
    const isKeyed = kind === "record" || kind === undefined;
    if (isKeyed && isOpen(x) && Reflect.ownKeys(x).length > Object.keys(x).length) return true;
  }
  return false;
}

/** A copy of contents. */
class Kept implements Contents {
  readonly kind: string;
  readonly self: Contents["self"];
  readonly keys: Contents["keys"];
  /** Objects with contents are kept, too; all others are themselves. */
  values: ArrayLike<unknown> = [];
  constructor({ kind, self, keys }: Contents) {
    this.kind = kind;
    this.self = self;
    this.keys = keys;
  }
}

/** What data are now, for {@link isAsKept}. Functions, modules, tensors and the like are themselves. */
export function keptData(data: unknown): unknown {
  // Data may contain themselves.
  const known = new Map<unknown, Kept>();
  const open: (readonly [Kept, Contents])[] = [];
  const kept = (x: unknown): unknown => {
    const before = known.get(x);
    if (before) return before;
    const contents = contentsOf(x);
    if (!contents) return x;
    const made = new Kept(contents);
    known.set(x, made);
    open.push([made, contents]);
    return made;
  };
  const result = kept(data);
  for (let next = open.pop(); next; next = open.pop()) {
    const [made, { values }] = next;
    made.values = values instanceof Uint8Array ? values.slice() : Array.from(values, kept);
  }
  return result;
}

/**
 * Whether data are what they were, in the order that they had.
 * @param kept - Of {@link keptData}.
 * @param same - What counts as equal besides the same value.
 */
export function isAsKept(
  kept: unknown,
  data: unknown,
  same: (a: unknown, b: unknown) => boolean = () => false,
): boolean {
  const open: [unknown, unknown][] = [[kept, data]];
  const assumed = new Map<Kept, Set<unknown>>();
  for (let next = open.pop(); next; next = open.pop()) {
    const [was, now] = next;
    if (!(was instanceof Kept)) {
      if (!Object.is(was, now) && !same(was, now)) return false;
      continue;
    }
    const partners = assumed.get(was) ?? new Set();
    if (partners.has(now)) continue;
    assumed.set(was, partners.add(now));
    if (was.self && was.self !== now) {
      if (!same(was.self, now)) return false;
      continue;
    }
    const contents = contentsOf(now);
    if (contents?.kind !== was.kind || contents.values.length !== was.values.length) return false;
    if (was.keys?.some((key, i) => !Object.is(key, contents.keys?.[i]))) return false;
    const isBytes = was.values instanceof Uint8Array;
    for (let i = 0; i < was.values.length; i++) {
      if (!isBytes) open.push([was.values[i], contents.values[i]]);
      else if (was.values[i] !== contents.values[i]) return false;
    }
  }
  return true;
}
