// Publishes every package whose version is not in the registry yet, by changesets:
//
//     npm run release                  asks npm for a login; CI gives a token and a provenance
//     npm run release -- --dry-run     packs and checks everything that would be sent, and sends nothing
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");
const read = (file) => JSON.parse(readFileSync(join(root, file), "utf8"));
const run = (program, args, cwd = root) => execFileSync(program, args, { cwd, stdio: ["ignore", 2, 2] });
const { packageManager } = read("package.json");

run(process.execPath, ["scripts/manifests.mjs", "--check"]);
if (!process.argv.includes("--dry-run")) {
  run(process.execPath, ["node_modules/@changesets/cli/bin.js", "publish"]);
} else {
  // What changesets publishes: every package of the workspace that is not private.
  const folders = readdirSync(join(root, "packages")).filter(
    (name) => read(`packages/${name}/package.json`).private !== true,
  );
  const out = mkdtempSync(join(tmpdir(), "nnxjs-release-"));
  try {
    run("npx", ["-y", packageManager, "-r", "--filter", "./packages/*", "pack", "--pack-destination", out]);
    for (const tarball of readdirSync(out)) run("npm", ["publish", "--dry-run", join(out, tarball)]);
    console.log(`release: ${folders.length} packages would be published: ${folders.join(", ")}`);
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}
