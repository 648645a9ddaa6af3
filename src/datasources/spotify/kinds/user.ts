import { expectObject, expectString, MalformedResponse, stringPart } from './decoding/json.ts';
import { type Decoded, externalUrl } from './decoding/values.ts';
import { isPathSegment } from './spotify-id.ts';

/** A user as others see it. Its id is no id of the catalogue: it may be a name. */
export interface User {
  id: string;
  /** Null if the user has none. */
  displayName: Decoded<string | null>;
  externalUrl: Decoded<string>;
}

/** @throws MalformedResponse without a readable id */
export function decodeUser(value: unknown): User {
  const json = expectObject(value, 'user');
  const id = expectString(json, 'id', 'user');
  if (!isPathSegment(id)) throw new MalformedResponse('user.id');
  return {
    id,
    displayName: json['display_name'] === null ? null : stringPart(json, 'display_name', 'user'),
    externalUrl: externalUrl(json, 'user'),
  };
}
