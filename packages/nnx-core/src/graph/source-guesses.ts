/**
 * @file Guesses from source text whether a class has native `#private` members, and whether a
 * function uses the object around it. Objects made without their constructor lack `#private`
 * members. A copy would share such functions with the original. So `merge`, `clone` and `view`
 * refuse both, and `jit` refuses such fields, which no comparison sees. Only the source shows them,
 * and regular expressions search it. They miss code that a compiler rewrote, and objects that a
 * function captured in a variable (`const self = this`). No other file reads sources.
 */
import { containerKind, entriesOf } from "../data/containers.ts";
import { nameOf } from "../data/name-of.ts";
import { StructureError } from "../errors.ts";
import { formatPath, partFromKey, type Path } from "../path.ts";
import type { ContainerDef, GraphDef, NodeType, ObjectDef } from "./graph-def.ts";
import { pathOfNode } from "./node-paths.ts";

/** Comments, strings and templates, in which `this` and `#name` are only text. */
const text = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\[\s\S]|[^`\\])*`/g;
/** The code in a template. */
const expressions = /\$\{[^}]*\}/g;
const name = "[\\p{ID_Start}$_][\\p{ID_Continue}$]*";
const arrow = new RegExp(`^(?:async\\b\\s*)?(?:\\(|${name}\\s*=>)`, "u");
const privateUse = new RegExp(`(?:\\bthis\\s*\\??\\.\\s*#(${name}))|(?:#(${name})\\s+in\\b)`, "u");

const sourceOf = (f: object): string => Function.prototype.toString.call(f);
const codeOf = (source: string): string =>
  source.replace(text, (match) => (match.startsWith("`") ? (match.match(expressions) ?? []).join(" ") : " "));

/** The first `#private` member that methods use on `this`; statics are the class's own. */
function privateMemberOf(type: object): string | undefined {
  const code = codeOf(sourceOf(type));
  const match = privateUse.exec(code);
  const member = match?.[1] ?? match?.[2];
  const declared = `\\bstatic\\s+(?:async\\s+)?(?:get\\s+|set\\s+)?\\*?\\s*#${member?.replaceAll("$", "\\$")}(?![\\p{ID_Continue}$])`;
  return member !== undefined && new RegExp(declared, "u").test(code) ? undefined : member;
}

const privateField = new RegExp(`(?:^|[;{}\\n])\\s*(#${name})\\s*(?:[=;}\\n])`, "u");

/** Cache of {@link privateFieldOf}. */
const privateFields = new WeakMap<object, string | null>();

/** A native `#private` field of instances of a class, if its source shows one. Methods have no state. */
export function privateFieldOf(type: object): string | undefined {
  const known = privateFields.get(type);
  if (known !== undefined) return known ?? undefined;
  const above = Object.getPrototypeOf(type) as object | null;
  const found =
    privateField.exec(codeOf(sourceOf(type)))?.[1] ??
    (typeof above === "function" && above !== Function.prototype ? privateFieldOf(above) : undefined);
  privateFields.set(type, found ?? null);
  return found;
}

/**
 * Refuses classes that `merge` could bring back only in part.
 * @throws {@link StructureError} naming the member.
 */
export function refusePrivateFields(type: NodeType): void {
  for (
    let each: object | null = type;
    each && each !== Function.prototype;
    each = Object.getPrototypeOf(each) as object | null
  ) {
    const member = privateMemberOf(each);
    if (member === undefined) continue;
    throw new StructureError(
      `merge: expected classes without native #private members, got ${nameOf(type)} with #${member}${each === type ? "" : ` (of ${nameOf(each as NodeType)})`}. ` +
        "No constructor runs when a model is merged, so the member would be missing: use TypeScript's `private`, or a module-level WeakMap.",
    );
  }
}

/** Cache of {@link usesOuterThis}. Without it `merge` takes 1.1 to 1.2 times as long. */
const ties = new WeakMap<object, boolean>();

/** Whether a function is an arrow function whose source says `this`. */
function usesOuterThis(f: object): boolean {
  const known = ties.get(f);
  if (known !== undefined) return known;
  const source = sourceOf(f);
  const found = arrow.test(source) && /\bthis\b/.test(codeOf(source));
  ties.set(f, found);
  return found;
}

type Named = (() => void) & { readonly name: string };

/**
 * Whether a function is a bound method of the owner's class. Only the name of a bound function is
 * known, so it must be the name of a method. For functions in containers, methods of all classes in
 * the model count, since the class is not known.
 */
function isBoundMethod(f: Named, graphdef: GraphDef, owner: ObjectDef | undefined): boolean {
  if (!f.name.startsWith("bound ")) return false;
  const isOf = (def: GraphDef["nodes"][number]): boolean =>
    def.kind === "object" && f.name.slice(6) in def.type.prototype;
  return owner ? isOf(owner) : graphdef.nodes.some(isOf);
}

/** The most items of a static value that are searched, since tables of numbers may be long. */
const mostItems = 1_000;

/**
 * Yields the functions in a static value, each with its path: the value itself, or functions in
 * containers.
 */
function* functionsIn(value: unknown): Generator<readonly [f: Named, path: Path]> {
  const open: (readonly [value: unknown, path: Path])[] = [[value, []]];
  const seen = new Set<unknown>();
  for (let next = open.pop(); next; next = open.pop()) {
    const [each, path] = next;
    if (typeof each === "function") yield [each as Named, path];
    if (containerKind(each) === undefined || seen.has(each)) continue;
    seen.add(each);
    for (const [key, item] of entriesOf(each as object)) {
      if (seen.size + open.length > mostItems) return;
      open.push([item, [...path, partFromKey(String(key))]]);
    }
  }
}

/**
 * A fast test for most attributes: functions not tied to an object, and values that are not
 * containers.
 */
const isPlainly = (x: unknown): boolean =>
  typeof x === "function"
    ? !x.name.startsWith("bound ") && !usesOuterThis(x)
    : containerKind(x) === undefined;

/**
 * Refuses attributes and items that are arrow functions with `this`, or bound methods. On a copy of
 * the model they would run on the original.
 * @param index - The number of the node.
 */
export function refuseCapturedThis(graphdef: GraphDef, index: number, owner: ObjectDef | ContainerDef): void {
  const { keys, attributes } = owner;
  for (let i = 0; i < attributes.length; i++) {
    const attribute = attributes[i];
    if (attribute?.kind !== "static" || isPlainly(attribute.value)) continue;
    for (const [f, path] of functionsIn(attribute.value)) {
      const inContainer = owner.kind !== "object" || path.length > 0;
      const isBound = isBoundMethod(f, graphdef, inContainer ? undefined : owner);
      if (!isBound && !usesOuterThis(f)) continue;
      throw new StructureError(
        `merge at ${formatPath([...pathOfNode(graphdef, index), keys[i] ?? "", ...path])}: expected attributes that are not tied to one ` +
          `object, got ${isBound ? "a bound method" : "an arrow function with `this`"} ` +
          `(${inContainer ? "in a container" : `of ${nameOf(owner.type)}`}). A copy would run it on the original: make it a method of the class.`,
      );
    }
  }
}
