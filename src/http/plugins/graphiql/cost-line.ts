/**
 * A script for the head of GraphiQL: the line below the editors, with the calls of the latest operation, the fields
 * whose data is not complete or not fresh, and the rest of the daily quota, from `extensions.spotify`.
 */
export const costLine = `
  const bar = document.createElement('div');
  bar.id = 'cost';
  bar.setAttribute('role', 'status');
  bar.setAttribute('aria-label', 'Cost');
  bar.textContent = 'Run an operation to see its Spotify calls and what is left of the daily quota.';
  addEventListener('DOMContentLoaded', () => document.body.append(bar));

  // The gateway never uses the last calls below a limit, so used and remaining calls do not add up to the limit.
  const timeOf = (text) => new Date(text).toLocaleString([], { weekday: 'long', hour: '2-digit', minute: '2-digit' });
  const leftOf = ({ family, used, limit, limitSource, remaining, resetAt }) => {
    if (limit === null) return family + ' without a known limit';
    const reserve = remaining > 0 ? limit - used - remaining : 0;
    const notes = [
      remaining === 0 && resetAt && 'the next call on ' + timeOf(resetAt),
      limitSource === 'PRESUMED' && 'the limit is presumed until Spotify shows it',
      reserve > 0 && reserve + ' more in reserve',
    ].filter(Boolean);
    return family + ' ' + remaining + ' of ' + limit + (notes.length > 0 ? ' (' + notes.join(', ') + ')' : '');
  };
  const sum = (families) => families.reduce((total, { calls }) => total + calls, 0);

  const costOf = ({ plannedCalls, actualCalls, cacheHits, quota, families, held }) => {
    if (families) {
      const each = families.map(({ family, calls }) => family + ' ' + calls).join(', ');
      return 'Nothing ran. Spotify calls at most: ' + plannedCalls + (each && ' (' + each + ')') +
        ', of which the cache saves ' + sum(held ?? []) + '.';
    }
    const cost = 'Spotify calls: ' + actualCalls + ' (planned ' + plannedCalls + ', from the cache ' + cacheHits + ').';
    const knownFirst = [...(quota ?? [])].sort((a, b) => (a.limit === null) - (b.limit === null));
    return cost + (knownFirst.length ? ' Left of the daily quota: ' + knownFirst.map(leftOf).join(', ') + '.' : '');
  };

  const show = ({ extensions }) => {
    const spotify = extensions?.spotify;
    bar.textContent = bar.title =
      spotify?.plannedCalls === undefined ? 'The operation did not run: no Spotify calls.' : costOf(spotify);
  };`;
