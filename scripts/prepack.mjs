// Makes a package ready to be packed, in its folder: builds it, removes what was built from sources
// that are gone, and puts the notices beside it.
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, readdirSync, rmSync } from "node:fs";
import { basename, join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");
const folder = process.cwd();

const run = (...args) => execFileSync(process.execPath, args, { cwd: root, stdio: ["ignore", 2, 2] });
const projects = readdirSync(folder).filter((file) => /^tsconfig.*\.json$/.test(file));
run("node_modules/typescript/bin/tsc", "-b", ...projects.map((file) => join(folder, file)));
run("scripts/bundle.mjs", basename(folder));

for (const file of readdirSync(join(folder, "dist"), { recursive: true, encoding: "utf8" })) {
  const [, name] = /^(?!bundle\b)(.*?)\.(?:d\.ts|js)(?:\.map)?$/.exec(file) ?? [];
  if (name !== undefined && !existsSync(join(folder, "src", `${name}.ts`)))
    rmSync(join(folder, "dist", file));
}
copyFileSync(join(root, "NOTICE"), join(folder, "NOTICE"));
