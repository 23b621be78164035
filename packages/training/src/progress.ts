export { progressBar, type ProgressBarOptions, type Terminal } from "./loop/progress-bar.ts";
