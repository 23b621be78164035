/** @file What the other packages of this project use and users do not: it may change in any version. */
export { checkModule, checkTensor } from "./checks/arguments.ts";
export { checkOptions, nearestName, type OptionNames } from "./checks/options.ts";
export { modeChanges, type ModeChanges, type ModeRequest, type ModeWrite } from "./module/mode-changes.ts";
