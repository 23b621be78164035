import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const packages = new URL("../../", import.meta.url).pathname;

/** The sources of the other packages, without tests. The kit for tests compares backends by name. */
const sources = readdirSync(packages)
  .filter((name) => name !== "kernels" && name !== "testing")
  .flatMap((name) =>
    readdirSync(join(packages, name, "src"), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts") && !/\.test(-d)?\.ts$/.test(file))
      .map((file) => join(name, "src", file)),
  );

it("no other package asks for the name of a backend", () => {
  const asks = sources.filter((file) =>
    /getBackend\(|backendName|"(?:wasm|cpu|webgl|webgpu)"/.test(readFileSync(join(packages, file), "utf8")),
  );
  expect(asks).toEqual([]);
});
