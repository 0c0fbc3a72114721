/** Cases that are known to differ, as `suite/name`, each with its reason. */
export const explained: ReadonlyMap<string, string> = new Map([]);
