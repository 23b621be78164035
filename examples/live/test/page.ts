/** @file Builds the page, serves it, and opens it in Chromium. */
import { fileURLToPath } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { build, preview, type PreviewServer } from "vite";
import { plainArguments } from "../../../scripts/browser/chromium.ts";

const configFile = fileURLToPath(new URL("../vite.config.ts", import.meta.url));

/** The built page on a port of its own. */
export async function servePage(): Promise<PreviewServer> {
  await build({ configFile, logLevel: "error" });
  return preview({ configFile, logLevel: "error", preview: { port: 0, open: false, host: "127.0.0.1" } });
}

export const addressOf = (server: PreviewServer): string => server.resolvedUrls?.local[0] as string;

/** Without a GPU: while it starts, SwiftShader would keep the page waiting for its first frame. */
export const launch = (executablePath: string): Promise<Browser> =>
  chromium.launch({ executablePath, args: [...plainArguments, "--disable-gpu"] });

interface OpenOptions {
  /** @defaultValue `"light"` */
  readonly colorScheme?: "light" | "dark";
  /** What does not come, as a pattern of addresses. @defaultValue nothing */
  readonly blocked?: string;
}

/** Opens the page. Its errors, and what it asks of other servers, are listed. */
export async function openPage(
  browser: Browser,
  address: string,
  { colorScheme = "light", blocked }: OpenOptions = {},
): Promise<{ page: Page; errors: string[] }> {
  const page = await browser.newPage({ viewport: { width: 1360, height: 1000 }, colorScheme });
  page.setDefaultTimeout(20_000);
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(message.text());
  });
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(address) && !/^(data|blob):/.test(url)) errors.push(`asked for ${url}`);
  });
  if (blocked !== undefined) await page.context().route(blocked, (route) => route.abort());
  await page.goto(address);
  return { page, errors };
}
