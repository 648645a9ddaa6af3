/**
 * A Map for what comes and goes all the time, such as the requests in hand. Whenever a Map or a Set of V8 has had enough
 * deleted from it, it gets a new table, and the old one keeps what it held and a link to the new one. As soon as one of
 * these tables is in the old generation, all that ever passes survives with it until a major collection: that
 * was two fifths of the time of an artist. Here the tables hold slots, which are emptied.
 */
export interface TransientMap<K, V extends object> {
  get(key: K): V | undefined;
  set(key: K, value: V): void;
  delete(key: K): void;
  values(): V[];
}

export function createTransientMap<K, V extends object>(): TransientMap<K, V> {
  const slots = new Map<K, { value: V | undefined }>();

  return {
    get: (key) => slots.get(key)?.value,
    set: (key, value) => void slots.set(key, { value }),
    delete(key) {
      const slot = slots.get(key);
      if (slot) slot.value = undefined;
      slots.delete(key);
    },
    values: () => Array.from(slots.values(), ({ value }) => value).filter((value) => value !== undefined),
  };
}
