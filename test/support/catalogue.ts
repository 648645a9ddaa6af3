import { createCatalogue } from '../../src/sandbox/index.ts';

/** One catalogue for all test files of a worker: it never changes, and generating it and its search index takes time. */
export const catalogue = createCatalogue();
export const { fixtures } = catalogue;
