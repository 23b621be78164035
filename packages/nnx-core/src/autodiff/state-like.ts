/** @file Telling States from other records. */
export { isStateLike } from "../state/check-state.ts";
