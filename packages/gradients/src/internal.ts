/** @file What the other packages of this project use. It is not for users, and may change in any version. */
export { installRules } from "./install.ts";
