/**
 * @file Tests the site in Chromium, page by page: every example runs, nothing is asked of other
 * servers, and axe finds nothing. `npm run test:site` builds the site first.
 */
import { readFileSync } from "node:fs";
import type { Server } from "node:http";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { violationsOn } from "../browser/axe.ts";
import { builtPages, launch, serve } from "./served.ts";

/** The pages that every change is held to. `npm run test:site` tries all. */
const few = ["index.html", "start.html", "random.html", "testing.html", "your-own-layer.html"];
const pages = process.env.NNXJS_SITE === "part" ? few : builtPages();
let server: Server;
let home: string;
let browser: Browser;

beforeAll(async () => {
  ({ server, home } = await serve());
  browser = await launch();
});
afterAll(async () => {
  await browser.close();
  server.close();
});

/** How a page is opened: what its browser is, and what is done before it is asked for. */
interface Opening extends BrowserContextOptions {
  readonly before?: (page: Page) => Promise<unknown>;
}

/** Opens a page and hands it to a check; then looks at what it asked for, and what it complained of. */
async function onPage<T>(
  path: string,
  check: (page: Page) => Promise<T>,
  { before, ...options }: Opening = {},
): Promise<T> {
  const page = await browser.newPage(options);
  await before?.(page);
  const wrong: string[] = [];
  page.on("request", (request) => {
    if (!request.url().startsWith(home) && !/^(?:data|blob):/.test(request.url())) wrong.push(request.url());
  });
  page.on("response", (response) => {
    if (response.status() >= 400) wrong.push(`${response.status()} ${response.url()}`);
  });
  page.on("pageerror", (error) => wrong.push(String(error)));
  try {
    await page.goto(home + path, { waitUntil: "load" });
    const result = await check(page);
    expect(wrong).toEqual([]);
    return result;
  } finally {
    await page.close();
  }
}

/** Runs all examples of a page, one after the other, and returns the messages of those that failed. */
async function failuresOn(path: string): Promise<{ readonly ran: number; readonly failed: string[] }> {
  return onPage(path, async (page) => {
    const blocks = page.locator(".live");
    const count = await blocks.count();
    const failed: string[] = [];
    for (let i = 0; i < count; i++) {
      const block = blocks.nth(i);
      await block.locator(".live-run").click();
      await block.and(page.locator("[data-state=done], [data-state=failed]")).waitFor({ timeout: 60_000 });
      if ((await block.getAttribute("data-state")) === "failed")
        failed.push((await block.locator(".live-error").textContent()) ?? "");
    }
    return { ran: count, failed };
  });
}

const withExamples = pages.filter((path) =>
  readFileSync(new URL(`../../docs/.vitepress/dist/${path}`, import.meta.url), "utf8").includes(
    'class="live"',
  ),
);

describe("examples", () => {
  it.each(withExamples)("of %s run in the page", async (path) => {
    const { ran, failed } = await failuresOn(path);
    expect(ran).toBeGreaterThan(0);
    expect(failed).toEqual([]);
  });

  it("can be changed, and show tensors as pictures", async () => {
    await onPage("start.html", async (page) => {
      const block = page.locator(".live").first();
      await block.getByRole("button", { name: "Edit" }).click();
      await block
        .getByRole("textbox")
        .fill(
          'import * as nnx from "@nnxjs/nnx";\nconst x = nnx.random.normal(nnx.random.key(0), [4, 4]);\nconsole.log(x);\nthrow new Error("on purpose");',
        );
      await block.locator(".live-run").click();
      await block.locator("img").waitFor();
      expect(await block.locator(".live-error").textContent()).toContain("Error: on purpose");
    });
  });
});

describe("a narrow page", () => {
  /** A page as a telephone shows it, and whether its program runs. */
  const narrow = (
    check: (page: Page, ran: () => Promise<boolean>) => Promise<void>,
    path = "start.html",
    opening: Opening = {},
  ): Promise<void> =>
    onPage(
      path,
      async (page) => {
        await page.waitForLoadState("networkidle");
        await check(page, () => page.evaluate(() => "__VITEPRESS__" in globalThis));
      },
      { viewport: { width: 400, height: 800 }, ...opening },
    );

  it("starts its program at the first touch, and answers that touch", async () => {
    await narrow(async (page, ran) => {
      expect(await ran()).toBe(false);
      const block = page.locator(".live").first();
      await block.locator(".live-run").click();
      await block.and(page.locator("[data-state=done]")).waitFor({ timeout: 60_000 });
      expect(await ran()).toBe(true);
    });
  });

  it.each(["/", "Control+k"])("opens the search by its first key: %s", async (keys) => {
    await narrow(async (page, ran) => {
      expect(await ran()).toBe(false);
      await page.keyboard.press(keys);
      await page.locator("#localsearch-input").waitFor();
    });
  });

  it("has no fault that axe finds before its program runs", async () => {
    for (const path of ["index.html", "start.html", "reference/layers-linear.html"])
      await narrow(async (page, ran) => {
        expect(await violationsOn(page)).toEqual([]);
        expect(await ran()).toBe(false);
      }, path);
  });

  it("is read and left without its program", async () => {
    // From the start: what was fetched before the first touch would run all the same.
    const before = (page: Page) => page.route("**/*.js", (route) => route.abort());
    await narrow(
      async (page, ran) => {
        await page.locator(".vp-doc a[href*='.html']").first().click();
        await page.waitForURL((url) => !url.pathname.endsWith("/start.html"));
        expect(await page.locator("main h1").textContent()).not.toBe("");
        expect(await ran()).toBe(false);
      },
      "start.html",
      { before },
    );
  });
});

describe("pages", () => {
  it.each(["light", "dark"] as const)("have no fault that axe finds, in %s", async (colorScheme) => {
    const found: string[] = [];
    // The colours are asked for before the page comes, as a reader's browser does, and looked at when
    // its program has started: until then it adds parts, and would change colours while axe reads them.
    const before = (page: Page) =>
      page.addInitScript(() =>
        addEventListener("nnxjs-started", () => document.documentElement.setAttribute("data-started", "")),
      );
    for (const path of pages.filter(
      (each) => !each.startsWith("reference/") || /index|graph|layers-linear/.test(each),
    ))
      await onPage(
        path,
        async (page) => {
          await page.locator("html[data-started]").waitFor();
          const violations = await violationsOn(page);
          found.push(...violations.map((each) => `${path}: ${each}`));
        },
        { colorScheme, reducedMotion: "reduce", before },
      );
    expect(found).toEqual([]);
  });

  it.each(["DropConnectLinear", "Optimizer", "checkRngDeterminism"])(
    "are found by the search, without a network: %s",
    async (name) => {
      await onPage("start.html", async (page) => {
        await page.keyboard.press("Control+k");
        await page.locator("#localsearch-input").fill(name);
        const found = page.locator("#localsearch-list a");
        await found.first().waitFor();
        const titles = await found.locator(".title").allTextContents();
        expect(titles.some((title) => title.trim() === name)).toBe(true);
        // The first result leads to a page of the site that has the word.
        await found.first().click();
        await page.waitForURL((url) => !url.pathname.endsWith("/start.html") || url.hash !== "");
        expect(await page.locator("main").textContent()).toContain(name);
      });
    },
  );
});
