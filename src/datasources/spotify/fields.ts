import { type Access, type WithheldField, withheldFields } from './access.ts';
import { type Asker, noteUnavailable } from './asker.ts';
import type { SpotifyObject } from './types.ts';

/** One field of an object, from the full object where the form at hand lacks it; null where that lacks it too. */
export type Field = <T extends SpotifyObject, K extends keyof T & string>(
  object: T,
  name: K,
  asker: Asker,
) => Promise<Exclude<T[K], undefined> | null>;

type Whole = (object: SpotifyObject, asker: Asker) => Promise<SpotifyObject | null>;

/** @param whole reads the full object; null when there is none any more */
export function createField(access: Access, whole: Whole): Field {
  return async <T extends SpotifyObject, K extends keyof T & string>(object: T, name: K, asker: Asker) => {
    type Value = Exclude<T[K], undefined>;
    if (object[name] !== undefined) return object[name] as Value;

    const withheld = withheldField(object, name);
    const read = async () => (object.full ? object : whole(object, asker));
    const full = (await (withheld ? access.withField(withheld, read) : read())) as T | null;
    const value = full?.[name];
    if (value !== undefined) return value as Value;

    const known = full !== null || (withheld && access.has(withheld) === false);
    if (known && (withheld || name === 'genres')) noteUnavailable(asker);
    return null;
  };
}

/** The name under which an app may be denied the field, such as `Album.label`. */
function withheldField({ kind }: SpotifyObject, name: string): WithheldField | null {
  const field = `${kind.charAt(0).toUpperCase()}${kind.slice(1)}.${name}`;
  return withheldFields.find((each) => each === field) ?? null;
}
