/** @file Shows reports in a page. This entry needs a browser, and no tensors. */
export { Chart, type ChartOptions, type Line } from "./chart.ts";
export { mount, type Mounted, type MountOptions } from "./mount.ts";
