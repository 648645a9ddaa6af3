/** Maximum ids of a plural field, and of `POST /purge`. */
export const maxIds = 100;

/** Maximum representations of `_entities`. */
export const maxRepresentations = 1_000;

/** Maximum characters of a search text: Spotify rejects the 251st. */
export const maxTextLength = 250;
