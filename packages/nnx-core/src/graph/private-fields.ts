/**
 * @file Classes with native `#private` members, which an object that no constructor made does not
 * have.
 */
import { StructureError } from "../errors.ts";
import type { NodeType } from "./graph-def.ts";

const found = new WeakMap<object, string | undefined>();

/** Comments, strings and templates, in which a `#name` is only text. */
const text = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\[\s\S]|[^`\\])*`/g;
const name = "[\\p{ID_Start}$_][\\p{ID_Continue}$]*";
const used = new RegExp(`(?:\\bthis\\s*\\??\\.\\s*#(${name}))|(?:#(${name})\\s+in\\b)`, "u");

/**
 * The first `#private` member that methods of the class use, as its source says; statics are the
 * class's own.
 */
function privateMemberOf(type: object): string | undefined {
  if (found.has(type)) return found.get(type);
  const source = Function.prototype.toString.call(type).replace(text, " ");
  const match = used.exec(source);
  const member = match?.[1] ?? match?.[2];
  const isStatic =
    member !== undefined &&
    new RegExp(
      `\\bstatic\\s+(?:async\\s+)?(?:get\\s+|set\\s+)?\\*?\\s*#${member.replaceAll("$", "\\$")}\\b`,
    ).test(source);
  const result = isStatic ? undefined : member;
  found.set(type, result);
  return result;
}

/**
 * Refuses classes that `merge` could bring back only in part. Seen are members that the class's own
 * source uses on `this`; what a compiler turned into WeakMaps, or what is in another class's
 * source, is not.
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
      `merge: expected classes without native #private members, got ${type.name} with #${member}${each === type ? "" : ` (of ${(each as NodeType).name})`}. ` +
        "No constructor runs when a model is merged, so the member would be missing: use TypeScript's `private`, or a module-level WeakMap.",
    );
  }
}
