/** @file Serves the built site from its files, and opens it in Chromium without a network. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { type Browser, chromium } from "playwright-core";
import { chromiumPath } from "../browser/chromium.ts";

const dist = new URL("../../docs/.vitepress/dist/", import.meta.url).pathname;

const types: Readonly<Record<string, string>> = {
  ".css": "text/css",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".json": "application/json",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
  ".woff2": "font/woff2",
};

/** What servers of static files send compressed. */
const texts = new Set([".css", ".html", ".js", ".json", ".svg", ".wasm"]);

/** The pages of the site, as paths from its root. */
export const builtPages = (): string[] =>
  readdirSync(dist, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".html") && file !== "404.html")
    .sort();

/** Serves the site at a free port of this machine, as usual hosts do: compressed, and kept by its hash. */
export async function serve(): Promise<{ readonly server: Server; readonly home: string }> {
  if (!existsSync(dist)) throw new Error("site: expected a built site. Run `npm run docs:build`.");
  const compressed = new Map<string, Buffer>();
  const zipped = (file: string): Buffer => {
    const kept = compressed.get(file) ?? gzipSync(readFileSync(file));
    compressed.set(file, kept);
    return kept;
  };
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? "/", "http://here").pathname);
    const file = join(dist, path.endsWith("/") ? `${path}index.html` : path);
    if (!file.startsWith(dist) || !existsSync(file) || !statSync(file).isFile()) {
      response.writeHead(404).end();
      return;
    }
    const kind = extname(file);
    const isZipped = texts.has(kind) && String(request.headers["accept-encoding"]).includes("gzip");
    response.writeHead(200, {
      "content-type": types[kind] ?? "application/octet-stream",
      "cache-control": path.startsWith("/assets/") ? "max-age=31536000, immutable" : "no-cache",
      ...(isZipped ? { "content-encoding": "gzip" } : {}),
    });
    response.end(isZipped ? zipped(file) : readFileSync(file));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, home: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
}

/** Starts Chromium. */
export const launch = (): Promise<Browser> =>
  chromium.launch({
    executablePath: chromiumPath() as string,
    args: ["--no-sandbox", "--disable-dev-shm-usage"],
  });
