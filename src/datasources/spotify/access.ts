import { UpstreamBadResponse } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { epochMs } from './clock.ts';
import type { News } from './news.ts';
import type { SpotifyObject } from './types.ts';

/**
 * What this app may do. Spotify tells no app its kind, and the kinds blend: so each ability is learned from
 * the answers, and this is the only file that knows the two quota modes.
 */
export interface Access extends Abilities {
  /** The page size to ask for: the known ceiling, or the largest there may be. */
  ceiling(endpoint: PagedEndpoint): number;
  /**
   * What `ask` gives for a page of `limit` items, which is learned where the answer shows it.
   * @throws LimitRefused when the ceiling is lower, found out by `ask` or known before
   */
  withLimit<T>(
    endpoint: PagedEndpoint,
    limit: number,
    ask: () => Promise<T>,
    shows: (answer: T) => boolean,
  ): Promise<T>;
  /** Spotify answered with smaller pages than asked for. */
  clamp(endpoint: PagedEndpoint, limit: number): void;
  /** What `ask` gives, or null where the app lacks the feature, which `ask` says by FeatureWithheld. */
  withFeature<T>(feature: Feature, ask: () => Promise<T>): Promise<T | null>;
  /** What `ask` gives, or null where full objects are known to come without the field. */
  withField<T>(field: WithheldField, ask: () => Promise<T>): Promise<T | null>;
  /** Learns from a full object which fields come with it. */
  observe(object: SpotifyObject): void;
  /** All that is known, by the name of the ability; a ceiling is a number. */
  lessons(): Lessons;
  /** Takes a lesson back: the refusal had another cause. */
  forget(feature: Feature): void;
}

export type Lessons = Readonly<Record<string, boolean | number>>;

/** What is known, for those who plan. */
export interface Abilities {
  /** False where the app is known to lack it; null where nothing is known. */
  has(ability: Feature | WithheldField): boolean | null;
  /** The smallest page size that the endpoint may turn out to have, and the refused tries until then. */
  worstPage(endpoint: PagedEndpoint): { limit: number; tries: number };
}

export type QuotaMode = 'auto' | 'development' | 'extended';
export type PagedEndpoint = 'artists/albums' | 'albums/tracks' | 'search';
/** `batch` is the reading of many objects by their ids; the others are endpoints. */
export type Feature = 'batch' | 'artists/top-tracks' | 'artists/related-artists';
export type WithheldField = (typeof withheldFields)[number];
type Ability = PagedEndpoint | Feature | WithheldField;

/** Spotify refused the page size. */
export class LimitRefused extends Error {}
/** The app may not use this feature at all. */
export class FeatureWithheld extends Error {}

export const withheldFields = [
  'Artist.followers',
  'Artist.popularity',
  'Album.label',
  'Album.popularity',
  'Track.popularity',
] as const;

const ceilings = [50, 20, 10];
const largest = Math.max(...ceilings);
const maxProbes = 3; // an answer may show nothing, as one about a thing that does not exist
const topic = 'ability'; // under which processes tell each other
const rememberMs = 24 * 3_600_000; // apps are promoted and rules changed, but not by the hour

/** The kinds of app that Spotify documents since February 2026. */
const modes: Record<QuotaMode, Partial<Record<Ability, boolean | number>>> = {
  auto: {},
  extended: { batch: true, 'artists/albums': 50, 'albums/tracks': 50, search: 50 },
  development: {
    batch: false,
    'artists/top-tracks': false,
    'artists/related-artists': false,
    'Artist.followers': false,
    'Artist.popularity': false,
    'Album.label': false,
    'Album.popularity': false,
    'Track.popularity': false,
    'artists/albums': 10,
    'albums/tracks': 50,
    search: 10,
  },
};

/** An app that lacks one of these lacks all of its kind; one that is missing alone is a hiccup. */
const withheldTogether: Record<SpotifyObject['kind'], WithheldField[]> = {
  artist: ['Artist.followers', 'Artist.popularity'],
  album: ['Album.label', 'Album.popularity'],
  track: ['Track.popularity'],
};

interface Lesson {
  value: boolean | number;
  /** Whether an answer has shown it; a ceiling is lowered before the lower one has been tried. */
  proven: boolean;
  learnedAtMs: number;
}

/** @param news by which processes share what they learn */
export function createAccess(mode: QuotaMode, log: Log, news?: News): Access {
  const startedAtMs = epochMs();
  const lessons = new Map<string, Lesson>(
    Object.entries(modes[mode]).map(([ability, value]) => [
      ability,
      { value, proven: true, learnedAtMs: startedAtMs },
    ]),
  );
  const probes = new Map<string, Promise<unknown>>();

  function recall(ability: Ability): Lesson | null {
    const lesson = lessons.get(ability);
    return lesson && epochMs() < lesson.learnedAtMs + rememberMs ? lesson : null;
  }

  function learn(ability: Ability, value: boolean | number, proven = true): void {
    const before = recall(ability);
    if (before?.value === value && before.proven === proven) return;
    const lesson = { value, proven, learnedAtMs: epochMs() };
    lessons.set(ability, lesson);
    if (!proven) return;
    log.info(
      { ability, value, before: before?.proven ? before.value : null },
      'learned what this Spotify app may do',
    );
    news?.tell(`${topic}:${ability}`, lesson);
  }

  news?.hear((about, fact) => {
    const told = lessonTold(about, fact);
    if (told && told.lesson.learnedAtMs > (lessons.get(told.ability)?.learnedAtMs ?? 0)) {
      lessons.set(told.ability, told.lesson);
    }
  });

  /** While an ability is unknown one asker finds out and the others wait: it is found out once. */
  async function once<T>(ability: Ability, ask: () => Promise<T>): Promise<T> {
    for (let probesLeft = maxProbes; probesLeft > 0; probesLeft--) {
      if (recall(ability)?.proven) return ask();
      const probe = probes.get(ability);
      if (!probe) break;
      try {
        await probe;
      } catch {
        return ask(); // its failure is its own asker's; ours may go better
      }
    }
    if (probes.has(ability)) return ask();
    const own = ask().finally(() => probes.delete(ability));
    probes.set(ability, own);
    return own;
  }

  const has = (ability: Feature | WithheldField): boolean | null =>
    (recall(ability)?.value as boolean | undefined) ?? null;

  const ceiling = (endpoint: PagedEndpoint): number =>
    (recall(endpoint)?.value as number | undefined) ?? largest;

  return {
    has,
    ceiling,
    worstPage(endpoint) {
      const limit = ceiling(endpoint);
      if (recall(endpoint)?.proven) return { limit, tries: 0 };
      const smaller = ceilings.filter((other) => other < limit);
      return { limit: Math.min(limit, ...smaller), tries: smaller.length };
    },
    clamp: (endpoint, limit) => learn(endpoint, limit),
    withLimit: (endpoint, limit, ask, shows) =>
      once(endpoint, async () => {
        if (limit > ceiling(endpoint)) throw new LimitRefused();
        try {
          const answer = await ask();
          if (limit === ceiling(endpoint) && shows(answer)) learn(endpoint, limit);
          return answer;
        } catch (error) {
          if (error instanceof LimitRefused && limit <= ceiling(endpoint)) {
            learn(endpoint, nextBelow(limit), false);
          }
          throw error;
        }
      }),
    withFeature: (feature, ask) =>
      once(feature, async () => {
        if (has(feature) === false) return null;
        try {
          const answer = await ask();
          learn(feature, true);
          return answer;
        } catch (error) {
          if (!(error instanceof FeatureWithheld)) throw error;
          learn(feature, false);
          return null;
        }
      }),
    async withField(field, ask) {
      const unlessWithheld = async () => (has(field) === false ? null : ask());
      // Where one call reads many, none is saved by finding out with a single one first.
      return has('batch') ? unlessWithheld() : once(field, unlessWithheld);
    },
    observe(object) {
      if (!object.full) return;
      const fields = withheldTogether[object.kind];
      const given = fields.some((field) => fieldOf(object, field) !== undefined);
      for (const field of fields) learn(field, given);
    },
    lessons: () => Object.fromEntries(Array.from(lessons, ([ability, { value }]) => [ability, value])),
    forget: (feature) => void lessons.delete(feature),
  };
}

/** What another process has learned; null where the news is about something else. */
function lessonTold(about: string, fact: unknown): { ability: Ability; lesson: Lesson } | null {
  const [name, ability] = about.split(':') as [string, Ability | undefined];
  const { value, learnedAtMs } = (fact ?? {}) as Partial<Lesson>;
  const usual = ability && modes.development[ability];
  if (name !== topic || !ability || typeof value !== typeof usual || typeof learnedAtMs !== 'number') {
    return null;
  }
  if (typeof value === 'number' && !(Number.isInteger(value) && value > 0 && value <= largest)) return null;
  return { ability, lesson: { value: value as boolean | number, proven: true, learnedAtMs } };
}

function nextBelow(limit: number): number {
  const lower = ceilings.find((ceiling) => ceiling < limit);
  if (lower === undefined) throw new UpstreamBadResponse('Spotify refuses every page size.');
  return lower;
}

const fieldOf = (object: SpotifyObject, field: WithheldField): unknown =>
  object[field.slice(field.indexOf('.') + 1) as keyof SpotifyObject];
