export declare const file: string;
export declare function pageModule(): Promise<string>;
