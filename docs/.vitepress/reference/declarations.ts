/** @file What a declaration says: its signature, its doc comment, and where it stands. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { nameIn, nodesIn, type SyntaxNode } from "../../../scripts/surface/syntax.ts";
import { declaredBy, type Place, root, statementsOf } from "./exports.ts";

/** One declaration, for readers. */
export interface Declared {
  /** What stands between `/**` and the end, without the margin. */
  readonly doc: string;
  readonly signature: string;
  readonly file: string;
  readonly line: number;
  /** Whether it is there at run time. */
  readonly isValue: boolean;
  /** The names of a function's parameters; one that is taken apart has none. */
  readonly parameters: readonly string[];
  /** Whether a `throw` stands in the body of the function. */
  readonly throws: boolean;
  /** Public methods, accessors and attributes of a class. */
  readonly members: readonly { readonly doc: string; readonly signature: string; readonly name: string }[];
}

interface Located {
  readonly start: number;
  readonly end: number;
}

const texts = new Map<string, string>();
function textOf(file: string): string {
  let text = texts.get(file);
  if (text === undefined) {
    text = readFileSync(join(root, file), "utf8");
    texts.set(file, text);
  }
  return text;
}

/** The doc comment that ends right above a position. */
function docAbove(text: string, position: number): string {
  const above = text.slice(0, position).replace(/(?:\s|\/\/[^\n]*\n|export|declare|default|abstract)*$/, "");
  if (!above.endsWith("*/")) return "";
  const start = above.lastIndexOf("/**");
  if (start < 0 || above.slice(start, -2).includes("*/")) return "";
  const inside = above.slice(start + 3, -2);
  return inside
    .split("\n")
    .map((line) => line.replace(/^\s*\* ?/, ""))
    .join("\n")
    .trim();
}

const at = (node: SyntaxNode): Located => node as unknown as Located;

/** The text of a function up to its body. */
function headOf(text: string, node: SyntaxNode): string {
  const end = node.body == null ? at(node).end : at(node.body as SyntaxNode).start;
  return text
    .slice(at(node).start, end)
    .replace(/=>\s*\(?\s*$/, "")
    .trim();
}

function variableText(text: string, declarator: SyntaxNode): string {
  const id = declarator.id as SyntaxNode;
  const name = nameIn(id) as string;
  if (id.typeAnnotation != null) return `const ${text.slice(at(id).start, at(id).end)};`;
  const made = [...nodesIn(declarator.init)].find(({ type }) => /Function/.test(type));
  if (made === undefined) return `const ${text.slice(at(declarator).start, at(declarator).end)};`;
  const head = headOf(text, made).replace(/^(?:async )?function\*?\s*\w*/, "");
  return `function ${name}${head};`;
}

/** The function that a declaration is: itself, or the value or type of a constant. */
function functionIn(node: SyntaxNode, name: string): SyntaxNode | undefined {
  if (/Function/.test(node.type)) return node;
  if (node.type !== "VariableDeclaration") return;
  const declarator = (node.declarations as SyntaxNode[]).find((each) => nameIn(each.id) === name)!;
  const annotated = ((declarator.id as SyntaxNode).typeAnnotation as SyntaxNode | null)?.typeAnnotation as
    | SyntaxNode
    | undefined;
  if (annotated !== undefined) return annotated.type === "TSFunctionType" ? annotated : undefined;
  const init = declarator.init as SyntaxNode | null;
  return init !== null && /Function/.test(init.type) ? init : undefined;
}

function parameterNames({ params }: SyntaxNode): string[] {
  return (params as SyntaxNode[]).flatMap((param) => {
    const inner = (param.left ?? param.argument ?? param) as SyntaxNode;
    return nameIn(inner) ?? [];
  });
}

const isHidden = (member: SyntaxNode): boolean =>
  ["private", "protected"].includes(member.accessibility as string) ||
  (member.key as SyntaxNode | undefined)?.type === "PrivateIdentifier" ||
  nameIn(member.key) === "nominal";

function membersOf(text: string, { body }: SyntaxNode): Declared["members"] {
  const members = ((body as SyntaxNode).body as SyntaxNode[]).filter((member) => !isHidden(member));
  const overloaded = new Set(members.filter(({ type }) => /^TS/.test(type)).map(({ key }) => nameIn(key)));
  return members.flatMap((member) => {
    const { type, key, value } = member;
    const name = nameIn(key) ?? "";
    if (type === "StaticBlock" || (type === "MethodDefinition" && overloaded.has(name))) return [];
    const body = (value as SyntaxNode | null)?.body as SyntaxNode | null | undefined;
    const isMethod = type === "MethodDefinition" || type === "TSAbstractMethodDefinition";
    const end = isMethod ? (body == null ? at(member).end : at(body).start) : at(member).end;
    const whole = text.slice(at(member).start, end).trim();
    const signature = isMethod ? whole : whole.replace(/\s=\s[\s\S]*$/, "");
    return [{ name, doc: docAbove(text, at(member).start), signature: signature.replace(/;?$/, ";") }];
  });
}

/** Everything that a name is in its file: overloads are several declarations. */
export function declarationsOf({ file, name }: Place): Declared[] {
  const text = textOf(file);
  const own = statementsOf(file).filter((statement) => declaredBy(statement).includes(name));
  const nodes = own.map((statement) => ({
    statement,
    node: (statement.declaration ?? statement) as SyntaxNode,
  }));
  const isOverloaded = nodes.some(({ node }) => node.type === "TSDeclareFunction");
  return nodes
    .filter(({ node }) => !(isOverloaded && node.type === "FunctionDeclaration"))
    .map(({ statement, node }) => {
      const made = functionIn(node, name);
      const base = {
        doc: docAbove(text, at(statement).start),
        file,
        line: text.slice(0, at(statement).start).split("\n").length,
        isValue: !/^TS(?:Interface|TypeAlias)/.test(node.type),
        parameters: made === undefined ? [] : parameterNames(made),
        throws: made?.body != null && [...nodesIn(made.body)].some(({ type }) => type === "ThrowStatement"),
        members: [] as Declared["members"],
      };
      if (node.type === "FunctionDeclaration" || node.type === "TSDeclareFunction")
        return { ...base, signature: headOf(text, node).replace(/;?$/, ";") };
      if (node.type === "ClassDeclaration") {
        const head = text.slice(at(node).start, at(node.body as SyntaxNode).start).trim();
        return { ...base, signature: head, members: membersOf(text, node) };
      }
      if (node.type === "VariableDeclaration") {
        const declarator = (node.declarations as SyntaxNode[]).find((each) => nameIn(each.id) === name)!;
        return { ...base, signature: variableText(text, declarator) };
      }
      return { ...base, signature: text.slice(at(node).start, at(node).end) };
    });
}
