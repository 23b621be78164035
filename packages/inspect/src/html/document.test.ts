import { expect, it } from "vitest";
import { file, pageModule } from "../../../../scripts/inspect-page.mjs";
import { readFileSync } from "node:fs";

it("the page's script is that of its sources (node scripts/inspect-page.mjs writes it)", async () => {
  expect(readFileSync(file, "utf8") === (await pageModule())).toBe(true);
});
