/** @file What the other packages of this project use and users do not: it may change in any version. */
export { checkModule, checkTensor } from "./checks/arguments.ts";
export { checkOptions, nearestName, type OptionNames } from "./checks/options.ts";
export { checkParam } from "./checks/parameter.ts";
