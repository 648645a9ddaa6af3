import type { Audiobook, Chapter, QuotaMode } from '../../src/sandbox/index.ts';
import { plain } from './podcasts.ts';
import { audiobooks, catalogue } from './schema-tests.ts';
import { imagesAt } from './truth.ts';

/** The expected response data of audiobooks and chapters. */

export const audiobookFields = `id name uri externalUrl authors { name } narrators { name } edition description
  htmlDescription publisher mediaType languages explicit images { url width height } copyrights { text type }
  totalChapters`;

/** The fields of a chapter that lists of chapters contain too. */
export const listedChapterFields = `id name uri externalUrl chapterNumber description releaseDate { date precision }
  durationMs images { url width height } explicit restrictions { reason } audioPreviewUrl`;

export const chapterFields = `${listedChapterFields} htmlDescription languages isPlayable`;

/** A market in which the catalogue has the audiobook. */
export const marketOf = (audiobookId: string): string =>
  audiobookId === audiobooks.onlyBritain ? 'GB' : 'US';

const named = (names: readonly string[]) => names.map((name) => ({ name }));

/** @param imagesUrl base URL of the sandbox's images */
export function audiobookTruth(mode: QuotaMode, imagesUrl: string) {
  const listedChapter = (chapter: Chapter) => ({
    id: chapter.id,
    name: chapter.name,
    uri: `spotify:episode:${chapter.id}`,
    externalUrl: `https://open.spotify.com/episode/${chapter.id}`,
    chapterNumber: chapter.number,
    description: '',
    releaseDate: { date: chapter.releaseDate, precision: chapter.precision.toUpperCase() },
    durationMs: chapter.durationMs,
    images: imagesAt(imagesUrl, catalogue.audiobook(chapter.audiobookId)?.images ?? []),
    explicit: chapter.explicit,
    restrictions: chapter.restriction === undefined ? null : { reason: chapter.restriction.toUpperCase() },
    audioPreviewUrl: chapter.previewUrl,
  });
  return {
    audiobook: (audiobook: Audiobook) => ({
      id: audiobook.id,
      name: audiobook.name,
      uri: `spotify:show:${audiobook.id}`,
      externalUrl: `https://open.spotify.com/show/${audiobook.id}`,
      authors: named(audiobook.authors),
      narrators: named(audiobook.narrators),
      edition: audiobook.edition ?? null,
      description: plain(audiobook.description),
      htmlDescription: audiobook.htmlDescription,
      publisher: mode === 'extended' ? audiobook.publisher : null,
      mediaType: 'AUDIO',
      languages: audiobook.languages,
      explicit: audiobook.explicit,
      images: imagesAt(imagesUrl, audiobook.images),
      copyrights: [{ text: `${audiobook.publisher} 2015`, type: 'C' }],
      totalChapters: audiobook.totalChapters,
    }),
    listedChapter,
    chapter: (chapter: Chapter) => ({
      ...listedChapter(chapter),
      htmlDescription: catalogue.audiobook(chapter.audiobookId)?.htmlDescription,
      languages: catalogue.audiobook(chapter.audiobookId)?.languages,
      isPlayable: chapter.restriction === undefined,
    }),
  };
}

/** The ids of an audiobook's readable chapters, in their order. */
export const chapterIds = (audiobookId: string): string[] =>
  catalogue.chaptersOf(audiobookId).flatMap((slot) => (slot.shows === 'chapter' ? [slot.chapterId] : []));
