/** The media types of requests and responses. */

export const graphqlJson = 'application/graphql-response+json';
export const plainJson = 'application/json';
export type MediaType = typeof graphqlJson | typeof plainJson;

/** The value of a header; absent in `node:http` it is undefined, in `Headers` it is null. */
type Header = string | null | undefined;

const responseTypes = new Map<string, MediaType>([
  [graphqlJson, graphqlJson],
  [plainJson, plainJson],
  ['application/*', plainJson],
  ['*/*', plainJson],
]);

/**
 * The media type of a response: of those that the client accepts, the one that it prefers, otherwise the first one.
 * @param accept the Accept header of the request
 * @returns null if the client accepts none
 */
export function acceptedType(accept: Header): MediaType | null {
  if (!accept) return plainJson;
  let best: MediaType | null = null;
  let bestQuality = 0;
  for (const range of accept.toLowerCase().replace(/\s/g, '').split(',')) {
    const [name = '', ...parameters] = range.split(';');
    const type = responseTypes.get(name);
    const quality = Number(parameterOf(parameters, 'q') ?? 1);
    const isUtf8 = (parameterOf(parameters, 'charset') ?? 'utf-8') === 'utf-8';
    if (type === undefined || !isUtf8 || !(quality > bestQuality)) continue;
    best = type;
    bestQuality = quality;
  }
  return best;
}

const parameterOf = (parameters: readonly string[], name: string): string | undefined =>
  parameters.find((parameter) => parameter.startsWith(`${name}=`))?.slice(name.length + 1);

/** Whether a body with these headers is plain JSON. The size of a compressed one is not known before it is read. */
export const isPlainJson = (contentType: Header, contentEncoding: Header): boolean =>
  contentType?.split(';')[0]?.trim().toLowerCase() === plainJson &&
  (contentEncoding ?? 'identity').toLowerCase() === 'identity';
