import { describe, expect, it } from "vitest";
import { asPasted, CONTINUED, snippetsOf } from "./snippets.ts";
import { withRefusals } from "./write.ts";

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

describe("asPasted", () => {
  const whole = { file: "a.md", line: 2, code: 'import * as nnx from "@nnxjs/nnx";\nconst a = 1;' };
  const part = { file: "a.md", line: 7, code: "a + 1;" };

  it("puts a block without imports below the one that has them, each by itself", () => {
    const [, second, third] = asPasted(CONTINUED, [whole, part, { ...part, line: 9 }]);
    expect(second).toEqual({ ...part, code: `${whole.code}\na + 1;` });
    expect(third?.code).toBe(second?.code);
  });

  it("refuses a block without imports on a page that does not say so, and a first one", () => {
    expect(() => asPasted("", [whole, part])).toThrow("a.md:7: expected a block that imports what it uses");
    expect(() => asPasted(CONTINUED, [part])).toThrow("a.md:7");
  });
});

describe("withRefusals", () => {
  const at = { file: "a.md", line: 2 };

  it("compares the message below an expression, or its start", () => {
    expect(withRefusals({ ...at, code: "f(1);\n// throws E: no" })).toBe(
      'expect(await refusalOf(async () => f(1))).toBe("E: no");',
    );
    expect(withRefusals({ ...at, code: "f(1);\n// throws E: no…" })).toContain('.toContain("E: no");');
  });

  it("refuses a message that it would leave a comment", () => {
    expect(() => withRefusals({ ...at, code: "const a = f(1);\n// throws E: no" })).toThrow("a.md:2");
  });
});
