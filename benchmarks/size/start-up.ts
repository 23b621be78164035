export const startUp = async (_n: number): Promise<unknown> => ({});
