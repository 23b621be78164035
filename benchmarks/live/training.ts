/** @file The digits in the live page, for measurements. */
import type { Page } from "playwright-core";

interface Memory {
  readonly tensors: number;
  readonly bytes: number;
  readonly moments: number;
}

/** What the page says of the training of the digits, and its buttons. */
export class Training {
  private readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  async step(): Promise<number> {
    return Number(await this.read("step"));
  }

  async memory(): Promise<Memory> {
    return JSON.parse((await this.read("memory")) ?? "{}") as Memory;
  }

  async press(name: string): Promise<void> {
    await this.page.locator("#digits").getByRole("button", { name, exact: true }).click();
  }

  async atFullSpeed(): Promise<void> {
    await this.page.locator("#digits").getByLabel("Speed").selectOption("as fast as it can");
  }

  /** Waits until the training has come so far. */
  async reach(step: number): Promise<void> {
    while ((await this.step()) < step) await this.page.waitForTimeout(100);
  }

  async paused(): Promise<void> {
    await this.press("Pause");
    await this.page
      .locator("#digits")
      .getByText(/^paused/)
      .waitFor();
  }

  private read(name: string): Promise<string | null> {
    return this.page.locator("#digits .training").getAttribute(`data-${name}`);
  }
}
