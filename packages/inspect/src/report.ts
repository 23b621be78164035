/** @file A report: data, and the two ways to show them. */
import type { ReportData } from "./format/report-data.ts";
import type { Mounted, MountOptions } from "./view/mount.ts";

/**
 * What `inspect` gathered.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import { inspect, Report } from "@nnxjs/inspect";
 *
 * const report = await inspect(new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) }));
 * report.data.tensors.length; // => 2
 * const copy = new Report(structuredClone(report.data)); // as when a worker sends the data
 * (await copy.toHTML()).startsWith("<!"); // => true
 * ```
 */
export class Report {
  /** Plain data, which `structuredClone` copies: a worker may send them to a page. */
  readonly data: ReportData;

  constructor(data: ReportData) {
    this.data = data;
  }

  /**
   * One HTML file with everything in it, which asks for nothing from the network. It needs a browser
   * of 2023 or later.
   */
  async toHTML(): Promise<string> {
    const { documentOf } = await import("./html/document.ts");
    return documentOf(this.data);
  }

  /**
   * Shows the report in an element of a page.
   * @returns what shows further reports in the same place: `update(report.data)`.
   */
  async mount(element: HTMLElement, options: MountOptions = {}): Promise<Mounted> {
    const { mount } = await import("./view/mount.ts");
    return mount(element, this.data, options);
  }
}
