/** @file Which library wrote a file; for people, nothing depends on it. */
import { versionOfTensorflow } from "@nnxjs/kernels/internal";

/** The version of these packages; a test holds it against package.json. */
export const libraryVersion = "0.2.0";

export const writtenBy: string = `nnxjs ${libraryVersion}, tensorflow.js ${versionOfTensorflow}`;
