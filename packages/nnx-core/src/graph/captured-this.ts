/** @file Functions kept as attributes that are tied to one object, and would go on to use it in every copy. */
import { StructureError } from "../errors.ts";
import { formatPath, type PathPart } from "../path.ts";
import type { GraphDef, ObjectDef } from "./graph-def.ts";
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

/** Whether a function is a method of the class that was bound. Bound functions of other names may be anything. */
function isBoundMethod({ name }: { readonly name: string }, type: ObjectDef["type"]): boolean {
  return name.startsWith("bound ") && name.slice(6) in type.prototype;
}

/**
 * Refuses attributes that are arrow functions with `this`, or bound methods: on a copy of the model they would run on the original. Seen is what the
 * function's own source says; what it captures in variables (`const self = this`), or what a compiler made of it, is not.
 * @param index - The number of the node that has it.
 */
export function refuseCapturedThis(
  graphdef: GraphDef,
  index: number,
  key: PathPart,
  f: object & { readonly name: string },
): void {
  const { type } = graphdef.nodes[index] as ObjectDef;
  const isBound = isBoundMethod(f, type);
  if (!isBound && !usesOuterThis(f)) return;
  throw new StructureError(
    `merge at ${formatPath([...pathOfNode(graphdef, index), key])}: expected attributes that are not tied to one object, got ` +
      `${isBound ? "a bound method" : "an arrow function with `this`"} (of ${type.name}). A copy would run it on the original: make it a method of the class.`,
  );
}
