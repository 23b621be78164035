/**
 * @file Saving in one page and restoring in another, in a real Chromium. Without one nothing is tried,
 * and the test says so: `CHROMIUM_PATH` or `NNXJS_CHROMIUM` names it, otherwise it is looked for.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserContext, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chromiumPath } from "../../../../scripts/browser/chromium.ts";
import { bundled } from "../../test/bundled.ts";
import type { Actions } from "../../test/programs/page.ts";

const executablePath = process.env.CHROMIUM_PATH ?? chromiumPath();
const hasBrowser = executablePath !== undefined && existsSync(executablePath);

const folder = mkdtempSync(join(tmpdir(), "nnx-browser-"));
let server: Server;
let context: BrowserContext;
let base = "";
const files = new Map<string, Uint8Array>();

/** The scripts, an empty page, and files that the test puts there, in ranges. */
function serve(): Server {
  return createServer((request, response) => {
    const name = (request.url ?? "/").slice(1);
    const types: Readonly<Record<string, string>> = { js: "text/javascript", wasm: "application/wasm" };
    const type = types[name.split(".").at(-1) as string] ?? "text/html";
    const bytes = files.get(name);
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "");
    if (request.method === "PUT") {
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", () => {
        files.set(name, new Uint8Array(Buffer.concat(parts)));
        response.writeHead(201).end();
      });
    } else if (name === "" || name === "favicon.ico") {
      response.writeHead(200, { "Content-Type": type });
      response.end('<!doctype html><script type="module" src="/page.js"></script>');
    } else if (bytes && range) {
      const [start, end] = [Number(range[1]), Math.min(Number(range[2]), bytes.length - 1)];
      response.writeHead(206, { "Content-Range": `bytes ${start}-${end}/${bytes.length}` });
      response.end(bytes.subarray(start, end + 1));
    } else if (bytes) response.writeHead(200, { "Content-Type": type }).end(bytes);
    else response.writeHead(404).end();
  });
}

async function newPage(): Promise<Page> {
  const page = await context.newPage();
  page.on("pageerror", (error) => {
    throw error;
  });
  await page.goto(base);
  await page.waitForFunction(() => "actions" in globalThis);
  return page;
}

/** Runs an action in a page. */
type Act = <K extends keyof Actions>(
  name: K,
  ...args: Parameters<Actions[K]>
) => Promise<Awaited<ReturnType<Actions[K]>>>;

/** Does something in a page of its own, which is closed then. */
async function withPage<T>(work: (act: Act) => Promise<T>): Promise<T> {
  const page = await newPage();
  const act = (name: string, ...args: readonly unknown[]): Promise<unknown> =>
    page.evaluate(
      ([action, given]) =>
        (globalThis as unknown as { actions: Record<string, (...a: readonly unknown[]) => unknown> }).actions[
          action
        ]?.(...given),
      [name, args] as const,
    );
  try {
    return await work(act as Act);
  } finally {
    await page.close();
  }
}

const inNewPage: Act = (name, ...args) => withPage((act) => act(name, ...args));

if (!hasBrowser) {
  it(`in a browser: nothing was tried, for there is no ${executablePath ?? "Chromium"}`, () => {
    expect(hasBrowser).toBe(false);
  });
} else {
  describe("in Chromium", () => {
    beforeAll(async () => {
      for (const name of ["page", "page-worker"]) {
        const outfile = await bundled(name, join(folder, `${name}.js`), "browser");
        files.set(`${name}.js`, readFileSync(outfile));
      }
      const dist = new URL("../../../../node_modules/@tensorflow/tfjs-backend-wasm/dist/", import.meta.url);
      for (const name of ["tfjs-backend-wasm.wasm", "tfjs-backend-wasm-simd.wasm"])
        files.set(name, readFileSync(new URL(name, dist)));
      server = serve();
      await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
      base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
      context = await chromium.launchPersistentContext(join(folder, "profile"), {
        executablePath,
        headless: true,
        args: [
          "--no-sandbox",
          "--disable-gpu",
          "--disable-quic",
          "--no-first-run",
          "--disable-background-networking",
          "--disable-component-update",
          "--disable-sync",
        ],
      });
    }, 120_000);
    afterAll(async () => {
      await context?.close();
      server?.close();
      rmSync(folder, { recursive: true, force: true });
    });

    it.each(["opfs", "indexedDb"])(
      "%s: what one page saves another one restores, bit for bit",
      async (name) => {
        const saved = await inNewPage("save", name);
        await withPage(async (act) => {
          expect(await act("restore", name)).toBe(saved);
          expect(await act("files", name)).toEqual([name === "opfs" ? "model.safetensors" : "model"]);
          expect(await act("none", name)).toBe("NotFoundError");
        });
      },
    );

    it.each(["opfs", "indexedDb"])(
      "%s: shards take the place of a file, and the other way round",
      async (name) => {
        const saved = await inNewPage("save", name, 1_500_000);
        await withPage(async (act) => {
          expect(await act("files", name)).toHaveLength(4);
          expect(await act("restore", name)).toBe(saved);
          await act("save", name);
        });
        await withPage(async (act) => {
          expect(await act("files", name)).toHaveLength(1);
          expect(await act("restore", name)).toBe(saved);
        });
      },
    );

    it.each(["opfs", "indexedDb"])(
      "%s: a page that is closed while it saves leaves the old one",
      async (name) => {
        const saved = await inNewPage("save", name);
        await inNewPage("begin", name);
        await withPage(async (act) => {
          expect(await act("restore", name)).toBe(saved);
          await act("save", name);
        });
        await withPage(async (act) => {
          expect(await act("restore", name)).toBe(saved);
          // What it left in the database is gone with the next save: four pieces of data, one header.
          if (name === "indexedDb") expect(await act("pieces")).toBe(5);
        });
      },
    );

    it.each(["opfs", "indexedDb"])("%s: keeps the steps of a run", async (name) => {
      expect(await inNewPage("steps", name)).toEqual([[2, 3], { loss: 2 }, true]);
    });

    it("Blobs, blob: and http: URLs give the same", async () => {
      await withPage(async (act) => {
        expect(await act("upload", "/model.safetensors")).toBe(201);
        expect(await act("elsewhere", "model.safetensors")).toEqual([true, true, true, [1, 4294967295]]);
      });
    });

    it.each(["cpu", "wasm"])(
      "%s: a run that stops at step 37 goes on in another page, bit for bit",
      async (backend) => {
        const [whole, stopped] = await withPage(
          async (act) => [await act("train", backend, "whole"), await act("train", backend, "stop")] as const,
        );
        expect(stopped.steps).toEqual(whole.steps.slice(0, 37));
        const resumed = await inNewPage("train", backend, "resume");
        expect(resumed).toEqual({ steps: whole.steps.slice(37), end: whole.end });
        expect(resumed.steps).toHaveLength(23);
      },
      120_000,
    );

    it("a worker gets a State and sends one back", async () => {
      expect(await inNewPage("thread", "/page-worker.js")).toEqual([2, 4]);
    });
  });
}
