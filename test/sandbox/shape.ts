/**
 * The common form of JSON values: for every place (`.items[].album.name`) the types of its values, and
 * `absent` if some objects have the key and others do not.
 */
export type Shape = ReadonlyMap<string, ReadonlySet<string>>;

/** The common shape of several values. */
export function shapeOf(values: readonly unknown[]): Shape {
  const shape = new Map<string, Set<string>>();
  for (const { place, value } of values.flatMap((each) => [...placesIn(each, '')])) {
    shape.set(place, (shape.get(place) ?? new Set()).add(typeOf(value)));
  }
  for (const { place, value } of values.flatMap((each) => [...placesIn(each, '')])) {
    if (!isObject(value)) continue;
    for (const [key, types] of keysBelow(shape, place)) if (!Object.hasOwn(value, key)) types.add('absent');
  }
  return shape;
}

interface Place {
  place: string;
  value: unknown;
}

function* placesIn(value: unknown, place: string): Generator<Place> {
  yield { place, value };
  if (Array.isArray(value)) for (const entry of value) yield* placesIn(entry, `${place}[]`);
  else if (isObject(value)) {
    for (const [key, entry] of Object.entries(value)) yield* placesIn(entry, `${place}.${key}`);
  }
}

function keysBelow(shape: ReadonlyMap<string, Set<string>>, place: string) {
  return [...shape].flatMap(([other, types]) => {
    const key = other.startsWith(`${place}.`) ? other.slice(place.length + 1) : '';
    return /^[^.[]+$/.test(key) ? [[key, types] as const] : [];
  });
}

/** Every difference as a text: `lacks x`, `adds x`, `x is never null`, `x may be null`. */
export function differences(ours: Shape, theirs: Shape): string[] {
  const places = [...new Set([...ours.keys(), ...theirs.keys()])].sort();
  return places.flatMap((place) => {
    const ourTypes = ours.get(place);
    const theirTypes = theirs.get(place);
    // If one side lacks a place, it lacks all places below, and one line is enough.
    if (!ourTypes) return hasParent(ours, place) ? [`lacks ${place}`] : [];
    if (!theirTypes) return hasParent(theirs, place) ? [`adds ${place}`] : [];
    return [
      ...[...theirTypes].filter((type) => !ourTypes.has(type)).map((type) => `${place} is never ${type}`),
      ...[...ourTypes].filter((type) => !theirTypes.has(type)).map((type) => `${place} may be ${type}`),
    ];
  });
}

const hasParent = (shape: Shape, place: string) => shape.has(place.replace(/(\[\]|\.[^.[\]]+)$/, ''));

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'list' : typeof value;
}
