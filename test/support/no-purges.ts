import type { Purges } from '../../src/datasources/spotify/cache/purges.ts';

/** An operator who has removed no ids. */
export const noPurges: Pick<Purges, 'isPurged' | 'hasPurgedSince'> = {
  isPurged: () => false,
  hasPurgedSince: () => false,
};
