export { directory, file } from "./file.ts";
