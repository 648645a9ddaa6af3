import DataLoader from 'dataloader';
import { GatewayError } from '../../errors.ts';
import type { Access } from './access.ts';
import { type Asker, whileWaiting } from './asker.ts';
import { pathOf } from './call.ts';
import type { Answer, Fetches, Question } from './fetches.ts';
import { type Entry, isFresh, type Memory } from './memory.ts';
import { objectKey } from './objects.ts';
import type { Resource } from './resource.ts';
import type { SpotifyObject } from './types.ts';

/** Read-through: one question is asked once, whoever asks it, and its answer kept for the next. */
export interface Reads {
  /**
   * The answer to a question, from where it is nearest; null when there is no such thing.
   * @throws GatewayError, LimitRefused, FeatureWithheld
   */
  get<T>(resource: Resource<T>, asker: Asker): Promise<T | null>;
  /** The same for an object whose short form will do, if that has come along with another answer. */
  getAnyForm<T extends SpotifyObject>(resource: Resource<T>, asker: Asker): Promise<T | null>;
  /** Whether an object is held in any form, so that asking for it costs nothing. */
  holds(resource: Resource<SpotifyObject>): boolean;
  /** Whether Spotify has said lately that there is no such object. */
  isAbsent(resource: Resource<SpotifyObject>): boolean;
  /** Keeps the answer to a question that was answered without being asked. */
  put<T>(resource: Resource<T>, value: T): void;
  /** An answer that something newer has proven outdated: it is asked again, and stands in if that fails. */
  expire(key: string): void;
}

export interface ReadsDependencies {
  fetches: Fetches;
  access: Access;
  memory: Memory;
  /** How long an answer is fresh, and how much longer it may stand in when Spotify cannot answer. */
  freshMs: number;
  staleMs: number;
}

const absentMs = 60_000; // what does not exist today may be released in a minute
const alongBytes = 100; // what came along is part of an answer that is counted already
const shortForm = 'short/';

/** A question on its way. */
interface Flight extends Question {
  askers: Asker[];
  landed: Promise<Entry>;
}

export function createReads({ fetches, access, memory, freshMs, staleMs }: ReadsDependencies): Reads {
  const flights = new Map<string, Flight>();
  // The catalogue is public and read with one app token, so questions gather over all requests of a tick.
  const tick = new DataLoader<Question, Promise<Answer>>(async (questions) => fetches(questions), {
    cache: false,
  });

  async function get<T>(resource: Resource<T>, asker: Asker): Promise<T | null> {
    const copy = memory.get(resource.key);
    if (copy && isFresh(copy)) {
      noteHit(resource, copy, asker);
      return copy.value as T | null;
    }
    const flight = flights.get(resource.key) ?? takeOff(resource, copy);
    flight.askers.push(asker);
    try {
      return (await whileWaiting(flight.landed, asker)).value as T | null;
    } catch (error) {
      if (!copy || !(error instanceof GatewayError)) throw error;
      asker.scope.usage.stale.push({ ...asker.place(), reason: error.code });
      return copy.value as T | null;
    }
  }

  function takeOff<T>(resource: Resource<T>, copy: Entry | undefined): Flight {
    const question = { resource: resource as Resource<unknown>, askers: [], etag: copy?.etag ?? null };
    const fly = async () => land(question.resource, await tick.load(question), copy);
    const landed = fly().finally(() => flights.delete(resource.key));
    landed.catch(() => undefined); // its askers may all have left by then
    const flight = { ...question, landed };
    flights.set(resource.key, flight);
    return flight;
  }

  function land(resource: Resource<unknown>, answer: Answer, copy: Entry | undefined): Entry {
    switch (answer.is) {
      case 'found':
        return store(resource, { ...answer, ...lifetime(freshMs, staleMs) });
      case 'unchanged':
        return store(resource, { ...(copy ?? absence), ...lifetime(freshMs, staleMs) });
      case 'absent':
        return store(resource, { ...absence, ...lifetime(absentMs, 0) });
    }
  }

  function store(resource: Resource<unknown>, entry: Entry): Entry {
    memory.set(resource.key, entry);
    if (entry.value !== null) {
      for (const object of resource.brings(entry.value)) keepAlong(object, entry);
    }
    return entry;
  }

  function keepAlong(object: SpotifyObject, { freshUntilMs, usableUntilMs }: Entry): void {
    if (object.full) access.observe(object);
    const key = (object.full ? '' : shortForm) + objectKey(object.kind, object.id, object.market);
    const known = memory.get(key);
    if (known && isFresh(known)) return;
    const value = withoutMarket(object);
    memory.set(key, { value, etag: null, bytes: alongBytes, freshUntilMs, usableUntilMs });
  }

  function fresh(key: string): Entry | undefined {
    const entry = memory.get(key);
    return entry && isFresh(entry) ? entry : undefined;
  }

  return {
    get,
    async getAnyForm<T extends SpotifyObject>(resource: Resource<T>, asker: Asker) {
      const short = fresh(shortForm + resource.key);
      if (!short || fresh(resource.key)) return get(resource, asker);
      noteHit(resource, short, asker);
      return short.value as T;
    },
    isAbsent: ({ key }) => fresh(key)?.value === null,
    holds: ({ key }) => Boolean(fresh(key)?.value ?? fresh(shortForm + key)),
    expire(key) {
      const entry = memory.get(key);
      if (entry) memory.set(key, { ...entry, freshUntilMs: 0 });
    },
    put: (resource, value) =>
      void store(resource as Resource<unknown>, {
        value,
        etag: null,
        bytes: alongBytes,
        ...lifetime(freshMs, staleMs),
      }),
  };
}

const absence = { value: null, etag: null, bytes: 0 };

function lifetime(freshMs: number, staleMs: number) {
  const freshUntilMs = performance.now() + freshMs;
  return { freshUntilMs, usableUntilMs: freshUntilMs + staleMs };
}

/** An artist is the same in every market: only where it was found does it pass one on to its albums. */
const withoutMarket = (object: SpotifyObject): SpotifyObject =>
  object.kind === 'artist' && object.market !== null ? { ...object, market: null } : object;

function noteHit({ request }: Pick<Resource<unknown>, 'request'>, { value }: Entry, { scope }: Asker): void {
  scope.usage.calls.push({
    method: 'GET',
    path: pathOf(request),
    status: value === null ? 404 : 200,
    milliseconds: 0,
    origin: 'cache',
  });
}
