// Installs the workspace with the pinned pnpm, if it is not installed or older than the lockfile.
// Needs only Node and npm.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";

const marker = "node_modules/.modules.yaml";
const upToDate = existsSync(marker) && statSync(marker).mtimeMs >= statSync("pnpm-lock.yaml").mtimeMs;
if (!upToDate) {
  const { packageManager } = JSON.parse(readFileSync("package.json", "utf8"));
  const npx = process.platform === "win32" ? "npx.cmd" : "npx";
  console.error(`Installing with ${packageManager} ...`);
  execFileSync(npx, ["-y", packageManager, "install", "--frozen-lockfile"], {
    stdio: ["ignore", 2, 2],
    shell: process.platform === "win32",
  });
}
