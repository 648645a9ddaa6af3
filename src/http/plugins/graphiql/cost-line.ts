const costNote = 'Run an operation to see its Spotify calls and what is left of the daily quota.';
const notRun = 'The operation did not run: no Spotify calls.';
const notStated =
  'The response does not state its Spotify calls: with the header x-spotify-trace: 1 it does.';
const trustedOnlyNote =
  'This gateway executes trusted documents only (TRUSTED_DOCUMENTS is set): it rejects the operations of this editor.';

/**
 * A script for the head of GraphiQL: the line below the editors, with the calls of the latest operation, the fields
 * whose data is not complete or not fresh, and the rest of the daily quota, from `extensions.spotify`.
 */
export const costLine = (isTrustedOnly: boolean): string => `
  const bar = document.createElement('div');
  bar.id = 'cost';
  bar.setAttribute('role', 'status');
  bar.setAttribute('aria-label', 'Cost');
  bar.textContent = ${JSON.stringify(isTrustedOnly ? trustedOnlyNote : costNote)};
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

  const isShort = 'the daily quota is short';
  const sentences = {
    shortened: () => ['1 list is shortened: ' + isShort, 'lists are shortened: ' + isShort],
    stale: (reason) => {
      const cause =
        reason === 'QUOTA' ? isShort : reason === 'REVALIDATING' ? 'a refresh has started' : 'Spotify sent no new data';
      return ['1 field is stale: ' + cause, 'fields are stale: ' + cause];
    },
    unavailable: (reason) => {
      const [one, more] = {
        QUOTA_MODE: ['Spotify withholds it from this app', 'Spotify withholds them from this app'],
        NOT_SENT: ['Spotify did not send it', 'Spotify did not send them'],
      }[reason] ?? ['Spotify sent a malformed value', 'Spotify sent malformed values'];
      return ['1 field is null: ' + one, 'fields are null: ' + more];
    },
  };
  const noticesOf = (spotify) =>
    Object.entries(sentences).flatMap(([kind, sentenceOf]) => {
      const counts = new Map();
      for (const { reason } of spotify[kind] ?? []) {
        const [one, more] = sentenceOf(reason);
        counts.set(more, { one, count: (counts.get(more)?.count ?? 0) + 1 });
      }
      return Array.from(counts, ([more, { one, count }]) => ' ' + (count === 1 ? one : count + ' ' + more) + '.');
    });

  const costOf = ({ plannedCalls, actualCalls, cacheHits, quota, families, held, ...notices }) => {
    if (families) {
      const each = families.map(({ family, calls }) => family + ' ' + calls).join(', ');
      return 'Nothing ran. Spotify calls at most: ' + plannedCalls + (each && ' (' + each + ')') +
        ', of which the cache saves ' + sum(held ?? []) + '.';
    }
    const cost = 'Spotify calls: ' + actualCalls + ' (planned ' + plannedCalls + ', from the cache ' + cacheHits + ').' +
      noticesOf(notices).join('');
    const knownFirst = [...(quota ?? [])].sort((a, b) => (a.limit === null) - (b.limit === null));
    return cost + (knownFirst.length ? ' Left of the daily quota: ' + knownFirst.map(leftOf).join(', ') + '.' : '');
  };

  const show = (text) => {
    bar.textContent = bar.title = text;
  };
  const showCost = ({ data, extensions }) => {
    const spotify = extensions?.spotify;
    if (spotify?.plannedCalls !== undefined) show(costOf(spotify));
    else show(data ? ${JSON.stringify(notStated)} : ${JSON.stringify(isTrustedOnly ? trustedOnlyNote : notRun)});
  };`;
