import type { Capabilities } from '../capabilities/capabilities.ts';
import { type WithheldField, withheldFields } from '../capabilities/policy.ts';
import type { SpotifyObject } from '../kinds/types.ts';
import { type FieldContext, recordUnavailable } from '../usage/field-context.ts';

/**
 * One field that the object at hand lacks, from the full object; null, with a note of the reason, where that lacks it
 * too.
 * @param isInShort whether every form has the field, so that it is in vain to read the full object for it
 */
export type FieldLoader = <T extends SpotifyObject, K extends keyof T & string>(
  object: T,
  name: K,
  fieldContext: FieldContext,
  isInShort?: boolean,
) => Promise<Exclude<T[K], undefined> | null>;

type LoadFull = (object: SpotifyObject, fieldContext: FieldContext) => Promise<SpotifyObject | null>;

/** @param loadFull reads the full object; null when there is none any more */
export function createFieldLoader(capabilities: Capabilities, loadFull: LoadFull): FieldLoader {
  return async <T extends SpotifyObject, K extends keyof T & string>(
    object: T,
    name: K,
    fieldContext: FieldContext,
    isInShort = false,
  ) => {
    type Value = Exclude<T[K], undefined>;
    if (object[name] !== undefined) return object[name] as Value;

    const withheld = withheldField(object, name);
    const isAtHand = object.full || (isInShort && !isFilledByFullTrack(object, name));
    const read = () => loadFull(object, fieldContext);
    const full = isAtHand ? object : await (withheld ? capabilities.withField(withheld, read) : read());
    const value = (full as T | null)?.[name];
    if (value !== undefined) return value as Value;

    recordUnavailable(
      fieldContext,
      withheld && capabilities.has(withheld) !== true ? 'QUOTA_MODE' : 'NOT_SENT',
    );
    return null;
  };
}

/** Whether the field is one that a reference leaves to the full track: all but its id and its link. */
const isFilledByFullTrack = (object: SpotifyObject, name: string): boolean =>
  object.kind === 'track' && object.isReference === true && name !== 'externalUrl';

/** The name under which an app may be denied the field, such as `Album.label`. */
function withheldField({ kind }: SpotifyObject, name: string): WithheldField | null {
  const field = `${kind.charAt(0).toUpperCase()}${kind.slice(1)}.${name}`;
  return withheldFields[kind].find((each) => each === field) ?? null;
}
