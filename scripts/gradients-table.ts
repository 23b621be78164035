/** @file Writes docs/gradients.md: node scripts/run.mjs scripts/gradients-table.ts */
import { writeFileSync } from "node:fs";
import { gradientsPage } from "../packages/gradients/cases/table.ts";

writeFileSync(new URL("../docs/gradients.md", import.meta.url), gradientsPage());
