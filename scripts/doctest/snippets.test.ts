import { describe, expect, it } from "vitest";
import { snippetsOf } from "./snippets.ts";

const fence = "```";

describe("snippetsOf", () => {
  it("finds blocks in Markdown with their line", () => {
    const text = ["# A", `${fence}ts`, "const a = 1;", fence, `${fence}sh`, "ls", fence].join("\n");
    expect(snippetsOf("a.md", text)).toEqual([{ file: "a.md", line: 3, code: "const a = 1;" }]);
  });

  it("finds blocks in doc comments and takes the margin off, but leaves strings in code alone", () => {
    const text = [
      "/**",
      ` * ${fence}ts`,
      " * if (a) {",
      " *   b();",
      " * }",
      ` * ${fence}`,
      " */",
      `${fence}ts`,
      "x",
      fence,
    ].join("\n");
    expect(snippetsOf("a.ts", text)).toEqual([{ file: "a.ts", line: 3, code: "if (a) {\n  b();\n}" }]);
  });
});
