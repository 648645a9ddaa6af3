import type { Capabilities } from '../capabilities/capabilities.ts';
import { kinds } from '../kinds/index.ts';
import { type Entity, getKind, type KindRegistry } from '../kinds/kind.ts';
import { type FieldContext, recordUnavailable } from '../usage/field-context.ts';

/**
 * One field that the object at hand lacks, from the full object; null, with a note of the reason, where that lacks it
 * too.
 * @param isInShort whether every form has the field, so that it is in vain to read the full object for it
 */
export type FieldLoader = <T extends Entity, K extends keyof T & string>(
  object: T,
  name: K,
  fieldContext: FieldContext,
  isInShort?: boolean,
) => Promise<Exclude<T[K], undefined> | null>;

type LoadFull = (object: Entity, fieldContext: FieldContext) => Promise<Entity | null>;

/** @param loadFull reads the full object; null when there is none any more */
export function createFieldLoader(
  capabilities: Capabilities,
  loadFull: LoadFull,
  registry: KindRegistry = kinds,
): FieldLoader {
  return async <T extends Entity, K extends keyof T & string>(
    object: T,
    name: K,
    fieldContext: FieldContext,
    isInShort = false,
  ) => {
    type Value = Exclude<T[K], undefined>;
    if (object[name] !== undefined) return object[name] as Value;

    const withheld = withheldField(registry, object, name);
    const isAtHand = object.full || (isInShort && !isFilledByFullObject(object, name));
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

/** Whether the field is one that a reference leaves to the full object: all but its id and its link. */
const isFilledByFullObject = (object: Entity, name: string): boolean =>
  object.isReference === true && name !== 'externalUrl';

/** The name under which an app may be denied the field, such as `Album.label`. */
const withheldField = (registry: KindRegistry, { kind }: Entity, name: string): string | null =>
  getKind(registry, kind).withheldFields.find((field) => field.endsWith(`.${name}`)) ?? null;
