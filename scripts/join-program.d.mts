/** @returns the text of a module, which may lie anywhere. */
export declare function joinProgram(file: string): Promise<string>;
