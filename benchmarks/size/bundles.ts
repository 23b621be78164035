export const bundles = async (): Promise<unknown> => ({});
