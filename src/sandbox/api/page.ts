import type { RequestContext, Window } from './request-context.ts';

/** Spotify's paging object. */
export interface Page {
  href: string;
  limit: number;
  next: string | null;
  offset: number;
  previous: string | null;
  total: number;
  items: readonly unknown[];
}

/** A parameter that links repeat, with its value already escaped for a URL. */
export type LinkParameter = readonly [name: string, value: string];

/** The properties of a page besides its items. */
export interface PageDetails {
  window: Window;
  total: number;
  parameters?: readonly LinkParameter[];
  /** Position of `items` among the keys of the page. Default: last. */
  itemsKey?: 'second' | 'last';
}

/**
 * Writes a page. `next` and `previous` move by `limit`, however few items the page holds: a short page
 * in the middle is followed by the slot after its window (recorded for Gorillaz).
 */
export function writePage(
  request: Pick<RequestContext, 'apiUrl' | 'locale'>,
  path: string,
  { window, total, parameters = [], itemsKey = 'last' }: PageDetails,
  items: readonly unknown[],
): Page {
  const { limit, offset } = window;
  const linkTo = (linkOffset: number) => {
    const linkParameters = [
      ['offset', linkOffset],
      ['limit', limit],
      ...parameters,
      ...localeParameter(request),
    ];
    return `${request.apiUrl}/${path}?${linkParameters.map((parameter) => parameter.join('=')).join('&')}`;
  };
  const position = {
    limit,
    next: offset + limit < total ? linkTo(offset + limit) : null,
    offset,
    previous: offset > 0 ? linkTo(Math.max(0, offset - limit)) : null,
    total,
  };
  const href = linkTo(offset);
  return itemsKey === 'second' ? { href, items, ...position } : { href, ...position, items };
}

/** Spotify repeats the Accept-Language header in links; without the header there is no parameter. */
export const localeParameter = ({ locale }: Pick<RequestContext, 'locale'>): LinkParameter[] =>
  locale === undefined ? [] : [['locale', linkText(locale)]];

/** The part of a list inside the window. */
export const slice = <T>(list: readonly T[], { offset, limit }: Window): readonly T[] =>
  list.slice(offset, offset + limit);

/** Text as Spotify escapes it in links: the commas and semicolons of Accept-Language stay as they are. */
function linkText(text: string): string {
  return encodeURIComponent(text).replaceAll('%2C', ',').replaceAll('%3B', ';');
}
