export const graphqlJson = 'application/graphql-response+json';
export const plainJson = 'application/json';
export type MediaType = typeof graphqlJson | typeof plainJson;

/** The value of a header; absent in `node:http` it is undefined, in `Headers` it is null. */
type Header = string | null | undefined;

/** The types of responses; the first one if the client has no preference. */
const responseTypes: readonly MediaType[] = [plainJson, graphqlJson];

/** A media type, or a range of them, in an Accept header. */
interface AcceptedRange {
  /** From 0, not acceptable, to 1. */
  quality: number;
  position: number;
}

/**
 * The media type of a response: of those that the client accepts, the one that it prefers, otherwise the first one. The
 * quality of a type is that of the most specific range (RFC 9110, 12.5.1), so that a client can exclude a type from a range.
 * @param accept the Accept header of the request
 * @returns null if the client accepts none
 */
export function acceptedType(accept: Header): MediaType | null {
  if (!accept) return plainJson;
  const ranges = rangesIn(accept);
  const acceptedTypes = responseTypes.flatMap((type) => {
    const range = rangeOf(ranges, type);
    return range && range.quality > 0 ? [{ type, ...range }] : [];
  });
  acceptedTypes.sort((one, other) => other.quality - one.quality || one.position - other.position);
  return acceptedTypes[0]?.type ?? null;
}

/** The most specific range that contains the type. */
const rangeOf = (ranges: ReadonlyMap<string, AcceptedRange>, type: string): AcceptedRange | undefined =>
  ranges.get(type) ?? ranges.get(type.replace(/\/.*/, '/*')) ?? ranges.get('*/*');

/** Whether the client is a browser that shows a page: it names HTML, and prefers no other type of the same response. */
export function prefersHtml(accept: Header): boolean {
  const ranges = rangesIn(accept ?? '');
  const html = ranges.get('text/html');
  if (html === undefined || html.quality <= 0) return false;
  return [...responseTypes, 'text/plain'].every(
    (type) => (rangeOf(ranges, type)?.quality ?? 0) <= html.quality,
  );
}

const maxCharacters = 2_000; // longer than the header of every client; the rest is ignored, because parsing takes time

/** The valid ranges by their names; of equal ones, the one with the highest quality. */
function rangesIn(accept: string): Map<string, AcceptedRange> {
  const ranges = new Map<string, AcceptedRange>();
  for (const [position, text] of accept
    .slice(0, maxCharacters)
    .toLowerCase()
    .replace(/[\s"]/g, '')
    .split(',')
    .entries()) {
    const [name = '', ...parameters] = text.split(';');
    const quality = Number(parameterOf(parameters, 'q') ?? 1);
    const isUtf8 = /^utf-?8$/.test(parameterOf(parameters, 'charset') ?? 'utf-8');
    if (isUtf8 && quality > (ranges.get(name)?.quality ?? -1)) ranges.set(name, { quality, position });
  }
  return ranges;
}

const parameterOf = (parameters: readonly string[], name: string): string | undefined =>
  parameters.find((parameter) => parameter.startsWith(`${name}=`))?.slice(name.length + 1);

/** Whether the client accepts a response that is compressed with gzip: `*` is every coding that has no entry of its own. */
export function acceptsGzip(acceptEncoding: Header): boolean {
  const codings = rangesIn(acceptEncoding ?? '');
  const gzip = codings.get('gzip') ?? codings.get('*');
  return gzip !== undefined && gzip.quality > 0;
}

/** Whether a body with these headers is plain JSON. The size of a compressed one is not known before it is read. */
export const isPlainJson = (contentType: Header, contentEncoding: Header): boolean =>
  contentType?.split(';')[0]?.trim().toLowerCase() === plainJson &&
  (contentEncoding ?? 'identity').toLowerCase() === 'identity';
