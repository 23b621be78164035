export { recorded as runs } from "./ours.ts";
