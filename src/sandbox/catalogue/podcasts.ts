import { everywhere, type Markets, usualLimits } from './markets.ts';
import type { Episode, EpisodeSlot, Show } from './model.ts';
import { drawCovers } from './picture-files.ts';
import { createRandom, hexadecimal, idOf } from './random.ts';
import { createSlicedWork } from './sliced-work.ts';
import { artistName, episodeTitle, podcastTopic, publisherName } from './words.ts';

/** A show with fixed properties. All other properties are generated as for any other show. */
interface ShowPlan extends Partial<Show> {
  id: string;
  name: string;
  /** How many slots its list of episodes has. */
  slots: number;
  /** The slots without an episode, by their index. */
  gaps?: Readonly<Record<number, Exclude<EpisodeSlot['shows'], 'episode'>>>;
  /** Fixed properties of single episodes, by their slots. */
  episodes?: Readonly<Record<number, Partial<Episode>>>;
}

const plan = (key: string, name: string, slots: number, properties: Partial<ShowPlan> = {}): ShowPlan => ({
  id: idOf(`show:${key}`),
  name,
  slots,
  ...properties,
});

/** Fixture shows: tests and examples use them by name. */
export const fixtureShows = {
  // A show embeds 50 episodes; a list of more needs further pages.
  episodes130: plan('episodes130', 'The Longest Week', 130),
  episodes50: plan('episodes50', 'Fifty Evenings', 50),
  episodes3: plan('episodes3', 'Three Evenings', 3, {
    episodes: {
      0: { explicit: true, restriction: 'explicit', previewUrl: null },
      1: { releaseDate: '2019-03', precision: 'month' },
    },
  }),
  noEpisodes: plan('noEpisodes', 'The Pilot That Never Was', 0),
  // Removed episodes stay as null or as their empty keys; the last slots have no item, so that the total overstates.
  gaps: plan('gaps', 'Missing Evenings', 60, {
    gaps: { 2: 'null', 4: 'shell', 20: 'nothing', 52: 'shell', 57: 'nothing', 58: 'nothing', 59: 'nothing' },
  }),
  escaped: plan('escaped', 'Questions & Answers', 4, {
    description: 'Questions &amp; answers: it&#39;s about &quot;rooms&quot;.',
    htmlDescription: '<p>Questions &amp; answers: it&#39;s about <b>&quot;rooms&quot;</b>.</p>',
  }),
  onlyGermany: plan('onlyGermany', 'Nur hier', 5, { markets: Object.freeze(['DE']), languages: ['de'] }),
} as const satisfies Record<string, ShowPlan>;

/** The shows of a sandbox and their episodes. */
export interface Podcasts {
  /** All shows, fixtures first. */
  shows(): readonly Show[];
  show(id: string): Show | undefined;
  /** The first call generates all episodes. */
  episode(id: string): Episode | undefined;
  /** All episodes. The first call generates them. */
  episodes(): readonly Episode[];
  /** The show's list of episodes, slot by slot, the newest first. Empty for an unknown id. */
  episodesOf(showId: string): readonly EpisodeSlot[];
  /** Does the work of the first `episode` call in slices of a few milliseconds. */
  prepareEpisodes(): Promise<void>;
}

const ordinaryShows = 40;
const limitedShare = 0.1;
const explicitShare = 0.15;
const previewlessShare = 0.2;
const weekMs = 7 * 86_400_000;
const newestMs = Date.UTC(2025, 10, 7);

export const episodeIdOf = (showId: string, slot: number): string => idOf(`episode:${showId}:${slot}`);

/** Generates the shows. Their episodes are generated at their first use. */
export function createPodcasts(): Podcasts {
  const plans = [...Object.values<ShowPlan>(fixtureShows), ...ordinaryPlans()];
  const shows = new Map(plans.map((showPlan) => [showPlan.id, drawShow(showPlan)]));
  const episodes = createSlicedWork(function* () {
    const episodesById = new Map<string, Episode>();
    for (const showPlan of plans) {
      for (let slot = 0; slot < showPlan.slots; slot++) {
        if (showPlan.gaps?.[slot] !== undefined) continue;
        const episode = drawEpisode(showPlan, shows.get(showPlan.id)?.languages ?? [], slot);
        episodesById.set(episode.id, episode);
      }
      yield;
    }
    return episodesById;
  });

  return {
    shows: () => [...shows.values()],
    show: (id) => shows.get(id),
    episode: (id) => episodes.now().get(id),
    episodes: () => [...episodes.now().values()],
    episodesOf: (id) => plans.filter((showPlan) => showPlan.id === id).flatMap(slotsOf),
    prepareEpisodes: async () => {
      await episodes.inSlices();
    },
  };
}

const slotsOf = ({ id, slots, gaps = {} }: ShowPlan): EpisodeSlot[] =>
  Array.from({ length: slots }, (_, slot): EpisodeSlot => {
    const gap = gaps[slot];
    return gap ? { shows: gap } : { shows: 'episode', episodeId: episodeIdOf(id, slot) };
  });

function ordinaryPlans(): ShowPlan[] {
  return Array.from({ length: ordinaryShows }, (_, index) => {
    const random = createRandom(`show plan:${index}`);
    return plan(
      `ordinary:${index}`,
      `${podcastTopic(random)} with ${artistName(random, index)}`,
      random.between(2, 90),
    );
  });
}

function drawShow({ slots, gaps: _gaps, episodes: _episodes, ...plannedProperties }: ShowPlan): Show {
  const random = createRandom(`show:${plannedProperties.id}`);
  const description = `Conversations about ${podcastTopic(random).toLowerCase()}, every week.`;
  return {
    description,
    htmlDescription: `<p>${description}</p>`,
    publisher: publisherName(random),
    languages: [random.pick(['en', 'en-US', 'de', 'es'])],
    explicit: random.chance(explicitShare),
    mediaType: random.pick(['audio', 'mixed']),
    markets: drawMarkets(random.chance(limitedShare), random.below(usualLimits.length)),
    images: drawCovers(random),
    popularity: random.below(90),
    totalEpisodes: slots,
    ...plannedProperties,
  };
}

const drawMarkets = (isLimited: boolean, limit: number): Markets =>
  isLimited ? (usualLimits[limit] ?? everywhere) : everywhere;

function drawEpisode(
  { id: showId, slots, episodes = {} }: ShowPlan,
  languages: readonly string[],
  slot: number,
): Episode {
  const id = episodeIdOf(showId, slot);
  const random = createRandom(`episode:${id}`);
  const name = `${slots - slot}: ${episodeTitle(random)}`;
  const description = `In this episode: ${name}.`;
  return {
    id,
    showId,
    name,
    description,
    htmlDescription: `<p>${description}</p>`,
    durationMs: random.between(600_000, 7_200_000),
    explicit: random.chance(explicitShare),
    languages,
    releaseDate: new Date(newestMs - slot * weekMs).toISOString().slice(0, 10),
    precision: 'day',
    images: drawCovers(random),
    previewUrl: random.chance(previewlessShare)
      ? null
      : `https://p.scdn.co/mp3-preview/${random.text(hexadecimal, 40)}`,
    popularity: random.below(80),
    ...episodes[slot],
  };
}
