/**
 * @file Functions kept as attributes that are tied to one object, and would go on to use it in
 * every copy.
 */
import { StructureError } from "../errors.ts";
import { formatPath, partFromKey, type Path } from "../path.ts";
import type { ContainerDef, GraphDef, ObjectDef } from "./graph-def.ts";
import { containerKind } from "../data/containers.ts";
import { pathOfNode } from "./node-paths.ts";

const ties = new WeakMap<object, boolean>();

/** Comments and strings, in which `this` is only a word. */
const text = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\[\s\S]|[^`\\])*`/g;
/** What is code in a template. */
const expressions = /\$\{[^}]*\}/g;
const codeOf = (source: string): string =>
  source.replace(text, (match) => (match.startsWith("`") ? (match.match(expressions) ?? []).join(" ") : " "));
const arrow = /^(?:async\b\s*)?(?:\(|[\p{ID_Start}$_][\p{ID_Continue}$]*\s*=>)/u;

/** Whether a function is an arrow function whose source says `this`. */
function usesOuterThis(f: object): boolean {
  const known = ties.get(f);
  if (known !== undefined) return known;
  const source = Function.prototype.toString.call(f);
  const result = arrow.test(source) && /\bthis\b/.test(codeOf(source));
  ties.set(f, result);
  return result;
}

/**
 * Whether a function is a method of the class that was bound. Bound functions of other names may be
 * anything. Whose methods a list or record has is not known: of any class in the model.
 */
function isBoundMethod(
  { name }: { readonly name: string },
  graphdef: GraphDef,
  owner: ObjectDef | undefined,
): boolean {
  if (!name.startsWith("bound ")) return false;
  const isOf = (def: GraphDef["nodes"][number]): boolean =>
    def.kind === "object" && name.slice(6) in def.type.prototype;
  return owner ? isOf(owner) : graphdef.nodes.some(isOf);
}

/** How much of a static value is looked at: tables of numbers may be long. */
const mostItems = 1_000;

/**
 * The functions in a static value: itself, or in lists, records and Maps without data, each with
 * its path.
 */
function* functionsIn(value: unknown): Generator<readonly [f: { readonly name: string }, path: Path]> {
  const open: (readonly [value: unknown, path: Path])[] = [[value, []]];
  const seen = new Set<unknown>();
  for (let next = open.pop(); next; next = open.pop()) {
    const [each, path] = next;
    if (typeof each === "function") yield [each, path];
    if (containerKind(each) === undefined || seen.has(each)) continue;
    seen.add(each);
    const items = each instanceof Map ? [...(each as Map<unknown, unknown>)] : Object.entries(each as object);
    for (const [key, item] of items) {
      if (seen.size + open.length > mostItems) return;
      open.push([item, [...path, partFromKey(String(key))]]);
    }
  }
}

/**
 * Refuses attributes and items that are arrow functions with `this`, or bound methods: on a copy of
 * the model they would run on the original. Seen is what the function's own source says; what it
 * captures in variables (`const self = this`), or what a compiler made of it, is not.
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
          `(${inContainer ? "in a container" : `of ${owner.type.name}`}). A copy would run it on the original: make it a method of the class.`,
      );
    }
  }
}

/** What most attributes are: told without a look into lists, and without a path. */
const isPlainly = (x: unknown): boolean =>
  typeof x === "function"
    ? !x.name.startsWith("bound ") && !usesOuterThis(x)
    : containerKind(x) === undefined;
