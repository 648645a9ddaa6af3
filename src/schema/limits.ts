/** Most ids of a plural field. */
export const maxIds = 100;
