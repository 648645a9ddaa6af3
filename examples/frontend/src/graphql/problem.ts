import type { CombinedError } from 'urql';

/** A failure as the page shows it. */
export interface Problem {
  title: string;
  text: string;
  /** Seconds until a repetition can succeed, if the gateway states them. */
  retryAfterSeconds: number | null;
  /** Whether a repetition fails too. */
  isFinal?: true;
}

type Words = Pick<Problem, 'title' | 'text' | 'isFinal'>;

/** One entry for each code that a page can get; docs/errors.md lists the codes. */
const words: Record<string, Words> = {
  UPSTREAM_RATE_LIMITED: {
    title: 'Spotify needs a short break',
    text: 'Too much was asked in a short time.',
  },
  UPSTREAM_QUOTA_EXCEEDED: {
    title: "Spotify's daily limit is used up",
    text: 'Pages that were already loaded still work.',
  },
  UPSTREAM_TIMEOUT: {
    title: 'Spotify takes too long',
    text: 'It has not answered in time.',
  },
  UPSTREAM_UNAVAILABLE: {
    title: 'Spotify does not answer',
    text: 'This usually passes within a minute.',
  },
  OVERLOADED: {
    title: 'Many people are asking',
    text: 'More than can be answered at once.',
  },
  // The gateway does not have the document, because it was started for a newer build than this page.
  BAD_REQUEST: {
    title: 'This page is out of date',
    text: 'A newer one has taken its place. Reload to see it.',
    isFinal: true,
  },
  BAD_USER_INPUT: {
    title: 'That cannot be looked up',
    text: 'The address or the search text is not one that Spotify understands.',
    isFinal: true,
  },
};

const unknown: Words = {
  title: 'Something went wrong',
  text: 'It is not your fault, and it has been noted.',
};

const unreachable: Words = {
  title: 'No connection',
  text: 'The page cannot reach its server. Are you online?',
};

/** Describes the worst of the failures: the one that lasts longest. */
export function describe(error: CombinedError): Problem {
  const failures = error.graphQLErrors.map(({ extensions }) => ({
    ...(words[String(extensions['code'])] ?? unknown),
    retryAfterSeconds: typeof extensions['retryAfter'] === 'number' ? extensions['retryAfter'] : null,
  }));
  const [worst] = failures.sort((a, b) => (b.retryAfterSeconds ?? 0) - (a.retryAfterSeconds ?? 0));
  return worst ?? { ...unreachable, retryAfterSeconds: null };
}
