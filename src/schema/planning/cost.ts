import type {
  CapabilityView,
  Family,
  Kind,
  Market,
  OwnerKey,
  Reference,
  Spotify,
} from '../../datasources/spotify/index.ts';

/**
 * A field declares its cost in its extensions: the Spotify calls at worst, whatever is cached, for the known capabilities
 * of the app. A field without a declaration costs nothing and must not read from the datasource.
 */
export interface FieldCost {
  /** The calls of the field itself. */
  calls?: (visit: FieldVisit) => Cost;
  /** Whether the field needs the full object, which all fields of the object share. */
  needsFullObject?: (visit: FieldVisit) => boolean;
  /** If it does not: the additional calls that learn whether Spotify still withholds the field. */
  probeCalls?: (visit: FieldVisit) => readonly NamedCall[];
  /**
   * Whether the field needs the full object only if its object is read by its id. It adds no call itself: a cached object
   * then saves the call of the lookup only if it is the full one.
   */
  needsFullObjectById?: (market: Market | null) => boolean;
}

/** The objects at one selection path. Only objects that arrive in the same batch can be loaded with one call. */
export interface Cardinality {
  batches: number;
  batchSize: number;
  /** How many more batches the objects may arrive in, because cached ones arrive before the others; by default none. */
  cachedBatches?: number;
}

export const single: Cardinality = { batches: 1, batchSize: 1 };

export const objectCount = ({ batches, batchSize }: Cardinality): number => batches * batchSize;

/** The objects at one selection path, whose fields are counted. */
export interface ParentObjects {
  /** The field that returns the objects. */
  field: Pick<FieldVisit, 'args' | 'market' | 'selectedNames'>;
  cardinality: Cardinality;
  /** Whether they are full objects. */
  full: boolean;
  /** Whether they are the items of a list that another object owns. */
  isFromOwner: boolean;
  /** Those whose ids the operation states. */
  owners: readonly Owner[];
  /** How many of them are cached entities, whose reads are not counted. */
  cachedCount: number;
}

/** What is the same for all fields of an operation. */
export interface CountInput {
  app: CapabilityView;
  /** Describes the lists that the operation reads; null if the operation is not known. */
  lists: ListView | null;
  /** The content of the cache; null to count as if it were empty. */
  cache: CacheView | null;
  referencesOf: ReferencesOf;
  entityReadsOf: EntityReadsOf;
  /** Maximum number of uncached entities that one field may read. */
  maxEntities: number;
}

/** A field at one selection path. */
export interface FieldVisit {
  args: Readonly<Record<string, unknown>>;
  /** The market that the operation names for the field; null for none. */
  market: Market | null;
  /** The names of the fields selected below. */
  selectedNames: ReadonlySet<string>;
  /** Whether a field below may need the full object, so that only a cached full object saves the read. */
  mayNeedFullObjectBelow(): boolean;
  /** The objects that have the field. */
  parents: ParentObjects;
  input: CountInput;
}

/** The methods of the datasource that look in the cache without I/O. */
export type CacheView = Pick<
  Spotify,
  'isObjectCached' | 'isObjectAbsent' | 'isPageCached' | 'isUnpagedListCached' | 'isCategoryCached'
>;

/** The methods of the datasource that describe a list, without I/O. */
export type ListView = Pick<Spotify, 'pagedList' | 'browseList' | 'search'>;

/** The owner of a list, with its kind. */
export interface Owner extends OwnerKey {
  kind: Kind;
}

/** An object as a federation router names it. */
export interface Representation {
  __typename: string;
  id: string;
}

/**
 * The reads of `_entities` for one list of representations. In the planner, an entity is an object that a federation router
 * reads by a representation.
 */
export interface EntityReads {
  /** In the order of their first representations. */
  uncached: readonly UncachedEntity[];
  /** The number of representations. */
  count: number;
}

export interface UncachedEntity {
  kind: Kind;
  reference: Reference;
  /** The indexes of its representations. */
  indexes: readonly number[];
}

/** @param kindsOfTypes the kinds by the names of their types */
export type EntityReadsOf = (
  representations: readonly Representation[],
  form: 'full' | 'any',
  market: Market | null,
  kindsOfTypes: ReadonlyMap<string, Kind>,
) => EntityReads;

/**
 * The references in a list of keys; null for a key that is no id.
 * @param kind of which the keys must be; by default they may be of any kind
 */
export type ReferencesOf = (
  keys: readonly (string | Representation)[],
  kind?: Kind | null,
) => readonly (Reference | null)[];

/** A call that counts once in an operation, however many fields need it. */
export interface NamedCall {
  name: string;
  family: Family;
}

export interface Cost {
  calls: Readonly<Record<Family, number>>;
  /** Calls that other fields may need as well. */
  sharedCalls?: readonly NamedCall[];
  /** Additional calls that learn capabilities of the app. */
  probeCalls?: readonly NamedCall[];
  /** How many of `calls` are single-object lookups that could be batched. */
  lookups?: Partial<Record<Kind, number>>;
  /** The same for lookups that follow another response: below the root, they can be batched with each other. */
  deferredLookups?: Partial<Record<Kind, number>>;
  /** The objects that the field returns. */
  objects: Cardinality;
  /** Whether these are full objects. */
  full: boolean;
  /** Whether these are the items of a list that the parent owns; by default not. */
  isFromOwner?: boolean;
  /** The objects whose ids the operation states. */
  owners?: readonly Owner[];
  /** How many of the objects are cached entities, whose reads are not counted; by default none. */
  cachedObjects?: number;
  /** How many entities are not cached, and the representations of those that are not read. */
  entities?: { uncached: number; rejectedIndexes: ReadonlySet<number> };
}

/** The cost of a field that is null without a call: its arguments are invalid or exclude it, or Spotify withholds it. */
export const nothing: Cost = { calls: {}, objects: { batches: 1, batchSize: 0 }, full: false };

declare module 'graphql' {
  interface GraphQLFieldExtensions<_TSource, _TContext, _TArgs> {
    cost?: FieldCost;
    /** The usual number of objects in a list; by default `unknownLength`. `pageSize`: the number in the arguments. */
    length?: number | 'pageSize';
    /** The number of fields of the response that a large value counts in addition to itself. */
    moreFields?: number;
  }
  interface GraphQLObjectTypeExtensions<_TSource, _TContext> {
    /** The kind of Spotify's objects that the type has. */
    kind?: Kind;
    /** Whether the type is part of a page, whose objects were counted with the connection. */
    isConnectionPart?: boolean;
  }
}

/** The length of a list that declares none: an album has one or two artists, seldom more. */
export const unknownLength = 5;

/** Whether there is an app for which the field costs a call. */
export const canCost = ({ extensions: { cost } }: { extensions: { cost?: FieldCost } }): boolean =>
  cost?.calls !== undefined || cost?.needsFullObject !== undefined;
