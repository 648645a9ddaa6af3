import type { Audiobook, Chapter, Image } from '../catalogue/model.ts';
import { withheldFields } from '../quota-mode.ts';
import { type JsonObject, marketParameter, without } from './object-parts.ts';
import { type PageDetails, slice, writePage } from './page.ts';
import type { RequestContext, Window } from './request-context.ts';

/** Writes audiobooks and chapters in Spotify's format, without the fields that the app may not see. */
export interface AudiobookObjects {
  /** The simplified object, as in a search and in a chapter. */
  audiobook(audiobook: Audiobook): JsonObject;
  fullAudiobook(audiobook: Audiobook): JsonObject;
  fullChapter(chapter: Chapter): JsonObject;
  /** One page of an audiobook's list. */
  chapterPage(audiobook: Audiobook, window: Window): unknown;
}

// An audiobook embeds at most this number of chapters.
const embeddedChapters = 50;

/** @param market the market that the call is for, null for none */
export function createAudiobookObjects(request: RequestContext, market: string | null): AudiobookObjects {
  const { catalogue, conditions, apiUrl, imagesUrl } = request;
  const withheld = withheldFields[conditions.quotaMode];

  // Keys are in the order of responses recorded in 2025.

  const images = (catalogueImages: readonly Image[] = []) =>
    catalogueImages.map(({ file, width, height }) => ({ url: imagesUrl + file, height, width }));

  const audiobookWith = (audiobook: Audiobook, chapters?: unknown): JsonObject =>
    without(withheld.audiobook, {
      authors: audiobook.authors.map((name) => ({ name })),
      available_markets: audiobook.markets,
      ...(chapters !== undefined && { chapters }),
      copyrights: [{ text: `${audiobook.publisher} 2015`, type: 'C' }],
      description: audiobook.description,
      ...(audiobook.edition !== undefined && { edition: audiobook.edition }),
      explicit: audiobook.explicit,
      // In links and URIs an audiobook is a show.
      external_urls: { spotify: `https://open.spotify.com/show/${audiobook.id}` },
      href: `${apiUrl}/audiobooks/${audiobook.id}`,
      html_description: audiobook.htmlDescription,
      id: audiobook.id,
      images: images(audiobook.images),
      languages: audiobook.languages,
      media_type: 'audio',
      name: audiobook.name,
      narrators: audiobook.narrators.map((name) => ({ name })),
      publisher: audiobook.publisher,
      total_chapters: audiobook.totalChapters,
      type: 'audiobook',
      uri: `spotify:show:${audiobook.id}`,
    });

  /** @param isFull lists have empty texts, and do not state whether a chapter can be played (recorded in 2025) */
  const chapterWith = (chapter: Chapter, audiobook: Audiobook | undefined, isFull: boolean): JsonObject =>
    without(withheld.chapter, {
      id: chapter.id,
      description: '',
      chapter_number: chapter.number,
      duration_ms: chapter.durationMs,
      explicit: chapter.explicit,
      images: images(audiobook?.images),
      languages: isFull ? audiobook?.languages : [''],
      name: chapter.name,
      audio_preview_url: chapter.previewUrl,
      release_date: chapter.releaseDate,
      release_date_precision: chapter.precision,
      ...(isFull && { is_playable: chapter.restriction === undefined }),
      ...(chapter.restriction !== undefined && { restrictions: { reason: chapter.restriction } }),
      html_description: isFull ? audiobook?.htmlDescription : '',
      available_markets: audiobook?.markets,
      ...(isFull && audiobook && { audiobook: audiobookWith(audiobook) }),
      type: 'chapter',
      // In links and URIs a chapter is an episode.
      uri: `spotify:episode:${chapter.id}`,
      external_urls: { spotify: `https://open.spotify.com/episode/${chapter.id}` },
      href: `${apiUrl}/chapters/${chapter.id}`,
    });

  const chapterPage = (audiobook: Audiobook, window: Window): unknown => {
    const slots = catalogue.chaptersOf(audiobook.id);
    const items = slice(slots, window).flatMap((slot) => {
      if (slot.shows === 'nothing') return [];
      const chapter = slot.shows === 'chapter' ? catalogue.chapter(slot.chapterId) : undefined;
      return [chapter ? chapterWith(chapter, audiobook, false) : null];
    });
    const details: PageDetails = {
      window,
      total: slots.length,
      parameters: marketParameter(market),
      itemsKey: 'second',
    };
    return writePage(request, `audiobooks/${audiobook.id}/chapters`, details, items);
  };

  return {
    audiobook: (audiobook) => audiobookWith(audiobook),
    fullAudiobook: (audiobook) =>
      audiobookWith(audiobook, chapterPage(audiobook, { offset: 0, limit: embeddedChapters })),
    fullChapter: (chapter) => chapterWith(chapter, catalogue.audiobook(chapter.audiobookId), true),
    chapterPage,
  };
}
