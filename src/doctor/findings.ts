import { type Family, families, kinds, type RawResponse } from '../datasources/spotify/index.ts';
import { type Difference, differencesOf } from './differences.ts';
import { type Examination, pageSizeOfEveryApp } from './examine.ts';
import { type MarketBehaviour, marketBehaviour, type SeenFields, seenFields } from './seen-fields.ts';
import type { ShapeMode } from './shapes.ts';

/** The kind of app. `old-development`: an app in development mode from before 2026-02-11, which kept its endpoints. */
export type AppKind = 'development' | 'old-development' | 'extended' | 'unknown';

/** `withheld`: Spotify rejects the call; `documented-as-withheld`: not called, but no app of this kind has it. */
export type FamilyState =
  | 'available'
  | 'withheld'
  | 'documented-as-withheld'
  | 'quota-used-up'
  | 'rate-limited'
  | 'failed'
  | 'not-checked';

export interface Rejection {
  /** The endpoint family, or `batch`. */
  family: Family;
  status: number | null;
  /** Whether Spotify has responded with a body that cannot be used. */
  isUnusable: boolean;
  /** Spotify's message, what is wrong with the body, or the code of the system such as `ECONNREFUSED`; null for neither. */
  message: string | null;
}

const maxMessageCharacters = 200;

export interface Findings {
  kind: AppKind;
  premium: 'active' | 'lapsed' | 'unknown';
  /** The largest page of searches and of artists' albums; null if unknown. */
  pageSize: number | null;
  /** Whether several objects can be read with one call; null if unknown. */
  batch: boolean | null;
  families: Readonly<Record<Family, FamilyState>>;
  /** The last responses of another status than 200, with the words of Spotify; status null without a usable response. */
  rejections: readonly Rejection[];
  fields: SeenFields;
  market: MarketBehaviour;
  /** Endpoint families whose daily quota is used up, and when Spotify accepts calls again. */
  usedUpQuotas: readonly { family: Family; seconds: number | null }[];
  /** Spotify's short rate limit: seconds to wait; null if it is not exceeded. */
  rateLimitedSeconds: number | null;
  repeated: Examination['repeated'];
  /** Kinds of search results with a total that differed between two equal searches, or is less than the results. */
  unreliableTotals: readonly string[];
  /** How many responses were compared with their shapes. */
  comparedResponses: number;
  differences: readonly Difference[];
}

export function findingsOf(examination: Examination): Findings {
  const { responses, bodies, pageSize, repeated } = examination;
  const allResponses = [...responses.values()];
  const fields = seenFields(bodies);
  const batch = batchOf(responses.get('batch'));
  const kind = kindOf(fields, batch, pageSize);
  const quotas = [...responses].filter(([, { backOff }]) => backOff?.reason === 'quota');
  const rate = allResponses.find(({ backOff }) => backOff?.reason === 'rate');
  return {
    kind,
    premium: premiumOf(allResponses),
    pageSize,
    batch,
    families: familyStates(responses, kind),
    rejections: rejectionsIn(responses),
    fields,
    market: marketBehaviour(bodies),
    usedUpQuotas: quotas.map(([family, { backOff }]) => ({ family, seconds: backOff?.seconds ?? null })),
    rateLimitedSeconds: rate ? (rate.backOff?.seconds ?? 30) : null,
    repeated,
    unreliableTotals: unreliableTotals(examination),
    comparedResponses: bodies.length,
    differences: differencesOf(bodies, shapeModeOf(kind)),
  };
}

const rejectionsIn = (responses: Examination['responses']): Rejection[] =>
  [...responses].flatMap(([family, { status, isUnusable, message }]) =>
    status === 200
      ? []
      : [{ family, status, isUnusable, message: message?.slice(0, maxMessageCharacters) ?? null }],
  );

const shapeModeOf = (kind: AppKind): ShapeMode => {
  if (kind === 'unknown') return null;
  return kind === 'extended' ? 'extended' : 'development';
};

function premiumOf(responses: readonly RawResponse[]): Findings['premium'] {
  if (responses.some(({ isPremiumLapsed }) => isPremiumLapsed)) return 'lapsed';
  return responses.some(({ status }) => status === 200) ? 'active' : 'unknown';
}

function batchOf(response: RawResponse | undefined): boolean | null {
  if (response?.status === 200) return true;
  return response && isWithheld(response) ? false : null;
}

/** Three signs: whether artists have all their fields, whether one call can read several objects, and the page size. */
function kindOf({ withheld }: SeenFields, batch: boolean | null, pageSize: number | null): AppKind {
  const hasAllArtistFields = artistFieldsOf(withheld);
  const hasLargePages = pageSize !== null && pageSize > pageSizeOfEveryApp;
  if (hasAllArtistFields) return batch === false ? 'unknown' : 'extended';
  if (hasAllArtistFields === null) return batch === false && !hasLargePages ? 'development' : 'unknown';
  if (batch === true) return 'old-development';
  if (!hasLargePages) return 'development';
  return batch === null ? 'old-development' : 'unknown';
}

/** Whether artists have every field that can be withheld; null if no artist was read. */
function artistFieldsOf(withheld: SeenFields['withheld']): boolean | null {
  const artistFields = kinds.artist.withheldFields.map((field) => withheld[field]);
  if (artistFields.some((isFieldWithheld) => isFieldWithheld === undefined)) return null;
  return artistFields.every((isFieldWithheld) => isFieldWithheld === false);
}

const isWithheld = ({ status, isEdgeRejection, isPremiumLapsed, message }: RawResponse): boolean =>
  status === 404 ||
  status === 410 ||
  (status === 403 && !isEdgeRejection && !isPremiumLapsed && message !== null);

function familyStates(
  responses: Examination['responses'],
  kind: AppKind,
): Readonly<Record<Family, FamilyState>> {
  return Object.fromEntries(families.map((family) => [family, stateOf(family)]));

  function stateOf(family: Family): FamilyState {
    const response = responses.get(family);
    if (!response)
      return kind === 'development' && unpagedLists.has(family) ? 'documented-as-withheld' : 'not-checked';
    if (response.status === 200) return 'available';
    if (response.backOff?.reason === 'quota') return 'quota-used-up';
    if (response.backOff?.reason === 'rate') return 'rate-limited';
    return isWithheld(response) ? 'withheld' : 'failed';
  }
}

const unpagedLists: ReadonlySet<Family> = new Set(
  Object.values(kinds).flatMap((kind) => kind.unpagedLists.map(({ name }) => name)),
);

function unreliableTotals({ bodies, totals }: Examination): string[] {
  const drifting = Object.keys(totals?.first ?? {}).filter(
    (kind) => totals?.again[kind] !== totals?.first[kind],
  );
  const tooSmall = bodies
    .filter(({ shape }) => shape === 'search')
    .flatMap(({ body }) =>
      Object.entries((body ?? {}) as Record<string, { total?: unknown; items?: unknown[] } | null>),
    )
    .filter(([, page]) => typeof page?.total === 'number' && page.total < (page.items?.length ?? 0))
    .map(([kind]) => kind);
  return [...new Set([...drifting, ...tooSmall])].sort();
}
