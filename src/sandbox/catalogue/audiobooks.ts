import { audiobookMarkets, onlyBritain } from './markets.ts';
import type { Audiobook, Chapter, ChapterSlot } from './model.ts';
import { drawCovers } from './picture-files.ts';
import { createRandom, hexadecimal, idOf } from './random.ts';
import { createSlicedWork } from './sliced-work.ts';
import { bookTitle, personName, publisherName } from './words.ts';

/** An audiobook with fixed properties. All other properties are generated as for any other audiobook. */
interface AudiobookPlan extends Partial<Audiobook> {
  id: string;
  name: string;
  /** How many slots its list of chapters has. */
  slots: number;
  /** The slots without a chapter, by their index. */
  gaps?: Readonly<Record<number, Exclude<ChapterSlot['shows'], 'chapter'>>>;
  /** Fixed properties of single chapters, by their slots. */
  chapters?: Readonly<Record<number, Partial<Chapter>>>;
}

const plan = (
  key: string,
  name: string,
  slots: number,
  properties: Partial<AudiobookPlan> = {},
): AudiobookPlan => ({ id: idOf(`audiobook:${key}`), name, slots, ...properties });

/** Fixture audiobooks: tests and examples use them by name. */
export const fixtureAudiobooks = {
  // An audiobook embeds 50 chapters; a list of more needs further pages.
  chapters130: plan('chapters130', 'The Longest Corridor', 130),
  chapters50: plan('chapters50', 'Fifty Corridors', 50),
  chapters3: plan('chapters3', 'Three Corridors', 3, {
    authors: ['Ada Abara', 'Nils Blom'],
    edition: 'Unabridged',
    chapters: {
      0: { explicit: true, restriction: 'payment_required', previewUrl: null },
      1: { releaseDate: '2019-03', precision: 'month' },
    },
  }),
  noChapters: plan('noChapters', 'The Empty Corridor', 0),
  // The last slots have no item, so that the total of the list overstates; that of the audiobook overstates further.
  gaps: plan('gaps', 'Missing Corridors', 60, {
    totalChapters: 75,
    gaps: { 2: 'null', 20: 'nothing', 52: 'null', 57: 'nothing', 58: 'nothing', 59: 'nothing' },
  }),
  escaped: plan('escaped', 'Doors & Windows', 4, {
    description: 'Doors &amp; windows: it&#39;s about &quot;corridors&quot;.',
    htmlDescription: '&lt;p&gt;Doors &amp; windows: it&#39;s about &quot;corridors&quot;.&lt;/p&gt;',
  }),
  onlyBritain: plan('onlyBritain', 'Mind the Corridor', 5, { markets: onlyBritain }),
} as const satisfies Record<string, AudiobookPlan>;

/** The audiobooks of a sandbox and their chapters. */
export interface Audiobooks {
  /** All audiobooks, fixtures first. */
  audiobooks(): readonly Audiobook[];
  audiobook(id: string): Audiobook | undefined;
  /** The first call generates all chapters, which takes some milliseconds. */
  chapter(id: string): Chapter | undefined;
  /** All chapters. */
  chapters(): readonly Chapter[];
  /** The audiobook's list of chapters, slot by slot. Empty for an unknown id. */
  chaptersOf(audiobookId: string): readonly ChapterSlot[];
}

const ordinaryAudiobooks = 20;
const explicitShare = 0.15;
const previewlessShare = 0.5;
const firstReleaseMs = Date.UTC(2015, 10, 20);
const dayMs = 86_400_000;
const releaseDays = 3_000;

export const chapterIdOf = (audiobookId: string, slot: number): string =>
  idOf(`chapter:${audiobookId}:${slot}`);

/** Generates the audiobooks. Their chapters are generated at their first use. */
export function createAudiobooks(): Audiobooks {
  const plans = [...Object.values<AudiobookPlan>(fixtureAudiobooks), ...ordinaryPlans()];
  const audiobooks = new Map(plans.map((audiobookPlan) => [audiobookPlan.id, drawAudiobook(audiobookPlan)]));
  const chapters = createSlicedWork(function* () {
    const drawnChapters = plans.flatMap((audiobookPlan) =>
      slotsOf(audiobookPlan).flatMap((slot, index) =>
        slot.shows === 'chapter' ? [drawChapter(audiobookPlan, index)] : [],
      ),
    );
    yield;
    return new Map(drawnChapters.map((chapter) => [chapter.id, chapter]));
  });

  return {
    audiobooks: () => [...audiobooks.values()],
    audiobook: (id) => audiobooks.get(id),
    chapter: (id) => chapters.now().get(id),
    chapters: () => [...chapters.now().values()],
    chaptersOf: (id) => plans.filter((audiobookPlan) => audiobookPlan.id === id).flatMap(slotsOf),
  };
}

const slotsOf = ({ id, slots, gaps = {} }: AudiobookPlan): ChapterSlot[] =>
  Array.from({ length: slots }, (_, slot): ChapterSlot => {
    const gap = gaps[slot];
    return gap ? { shows: gap } : { shows: 'chapter', chapterId: chapterIdOf(id, slot) };
  });

function ordinaryPlans(): AudiobookPlan[] {
  return Array.from({ length: ordinaryAudiobooks }, (_, index) => {
    const random = createRandom(`audiobook plan:${index}`);
    return plan(`ordinary:${index}`, bookTitle(random), random.between(4, 60));
  });
}

function drawAudiobook({
  slots,
  gaps: _gaps,
  chapters: _chapters,
  ...plannedProperties
}: AudiobookPlan): Audiobook {
  const random = createRandom(`audiobook:${plannedProperties.id}`);
  const author = personName(random);
  const narrator = personName(random);
  const description = `Author(s): ${author}\nNarrator(s): ${narrator}\nA story in ${slots} chapters.`;
  return {
    authors: [author],
    narrators: [narrator],
    description,
    htmlDescription: description.replaceAll('\n', '<br/>'),
    publisher: publisherName(random),
    languages: ['en'],
    explicit: random.chance(explicitShare),
    markets: audiobookMarkets,
    images: drawCovers(random),
    totalChapters: slots,
    popularity: random.below(90),
    ...plannedProperties,
  };
}

function drawChapter({ id: audiobookId, chapters = {} }: AudiobookPlan, slot: number): Chapter {
  const id = chapterIdOf(audiobookId, slot);
  const random = createRandom(`chapter:${id}`);
  const releasedMs = firstReleaseMs + createRandom(`release:${audiobookId}`).below(releaseDays) * dayMs;
  return {
    id,
    audiobookId,
    name: slot === 0 ? 'Opening Credits' : `Chapter ${slot}`,
    number: slot,
    durationMs: random.between(20_000, 3_600_000),
    explicit: random.chance(explicitShare),
    releaseDate: new Date(releasedMs).toISOString().slice(0, 10),
    precision: 'day',
    previewUrl: random.chance(previewlessShare)
      ? null
      : `https://p.scdn.co/mp3-preview/${random.text(hexadecimal, 40)}`,
    ...chapters[slot],
  };
}
