import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { withVersion } from "./changelog.mjs";

const head = "# Changelog\n\nThe versions follow a policy.\n\n";
const old = "## 0.1.0\n\n- Old.\n";

it("puts a version where what waits for it stands, below the words on top", () => {
  expect(withVersion(`${head}## Unreleased\n\n- Waited.\n\n${old}`, "0.2.0", ["- New."])).toBe(
    `${head}## 0.2.0\n\n- New.\n- Waited.\n\n${old}`,
  );
});

it("puts a version above the last one where nothing waits", () => {
  expect(withVersion(head + old, "0.2.0", ["- New.", "- Newer."])).toBe(
    `${head}## 0.2.0\n\n- New.\n- Newer.\n\n${old}`,
  );
});

it("leaves nothing unreleased in this project's own history", () => {
  const history = readFileSync(new URL("../CHANGELOG.md", import.meta.url), "utf8");
  const next = withVersion(history, "99.0.0", ["- New."]);
  expect(next).not.toContain("## Unreleased");
  expect(next.indexOf("## 99.0.0")).toBe(history.search(/^## /m));
});

it("refuses a history without sections", () => {
  expect(() => withVersion("# Changelog\n", "0.2.0", [])).toThrow(
    "expected a section in CHANGELOG.md, got none",
  );
});
