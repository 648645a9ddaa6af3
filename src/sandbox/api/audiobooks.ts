import type { Audiobook, Chapter } from '../catalogue/model.ts';
import { batchSizes } from '../quota-mode.ts';
import { createAudiobookObjects } from './audiobook-objects.ts';
import { unknownEpisode, unknownShow } from './error-responses.ts';
import { type RequestContext, readId, readIds, readMarket, readWindow } from './request-context.ts';

// Messages call an audiobook a show and a chapter an episode, as links do.

/** GET /audiobooks/{id} */
export function readAudiobook(request: RequestContext): unknown {
  const market = readMarket(request);
  return createAudiobookObjects(request, market).fullAudiobook(existingAudiobook(request, market));
}

/** GET /audiobooks?ids= The audiobooks of a batch have a page of chapters (recorded in 2025). */
export function readAudiobooks(request: RequestContext): unknown {
  const market = readMarket(request);
  const ids = readIds(request, batchSizes.audiobooks);
  const objects = createAudiobookObjects(request, market);
  const audiobooks = ids.map((id) => audiobookIn(request, id, market));
  return { audiobooks: audiobooks.map((audiobook) => (audiobook ? objects.fullAudiobook(audiobook) : null)) };
}

/** GET /audiobooks/{id}/chapters */
export function readAudiobookChapters(request: RequestContext): unknown {
  const market = readMarket(request);
  const audiobook = existingAudiobook(request, market);
  const window = readWindow(request, 'audiobooks/chapters');
  return createAudiobookObjects(request, market).chapterPage(audiobook, window);
}

/** GET /chapters/{id} */
export function readChapter(request: RequestContext): unknown {
  const market = readMarket(request);
  const id = readId(request);
  const chapter = chapterIn(request, id, market);
  if (!chapter) throw unknownEpisode(id);
  return createAudiobookObjects(request, market).fullChapter(chapter);
}

/** GET /chapters?ids= */
export function readChapters(request: RequestContext): unknown {
  const market = readMarket(request);
  const ids = readIds(request, batchSizes.chapters);
  const objects = createAudiobookObjects(request, market);
  const chapters = ids.map((id) => chapterIn(request, id, market));
  return { chapters: chapters.map((chapter) => (chapter ? objects.fullChapter(chapter) : null)) };
}

/** The audiobook, if the market has it. As with shows, an app token finds none without a market. */
function audiobookIn(
  { catalogue }: RequestContext,
  id: string,
  market: string | null,
): Audiobook | undefined {
  const audiobook = catalogue.audiobook(id);
  return market !== null && audiobook?.markets.includes(market) ? audiobook : undefined;
}

function existingAudiobook(request: RequestContext, market: string | null): Audiobook {
  const id = readId(request);
  const audiobook = audiobookIn(request, id, market);
  if (!audiobook) throw unknownShow(id);
  return audiobook;
}

/** The chapter, if the market has its audiobook. */
function chapterIn(request: RequestContext, id: string, market: string | null): Chapter | undefined {
  const chapter = request.catalogue.chapter(id);
  return chapter && audiobookIn(request, chapter.audiobookId, market) ? chapter : undefined;
}
