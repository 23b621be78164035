/** @returns the text of a module, which may lie anywhere, and its source map. */
export declare function joinProgram(file: string): Promise<{ readonly code: string; readonly map: string }>;
