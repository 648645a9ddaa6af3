import type { CapabilityView, Family, Kind, Reference } from '../../datasources/spotify/index.ts';

/**
 * A field declares its cost in its extensions: the Spotify calls at worst, with nothing cached, for what is known of
 * the app. A field without a declaration costs nothing and must not read from the datasource.
 */
export interface FieldCost {
  /** The calls of the field itself. */
  calls?: (visit: FieldVisit) => Cost;
  /** Whether the field needs the full object, which all fields of the object share. */
  needsFullObject?: (args: FieldVisit['args'], app: CapabilityView) => boolean;
}

/** Declared by a field that reads only what its object nearly always has, or what another field has paid for. */
export const noCost: FieldCost = {};

/** The objects at one selection path. Only objects that arrive in the same batch can be loaded with one call. */
export interface Cardinality {
  batches: number;
  batchSize: number;
}

export const single: Cardinality = { batches: 1, batchSize: 1 };

export const count = ({ batches, batchSize }: Cardinality): number => batches * batchSize;

/** A field at one selection path. */
export interface FieldVisit {
  args: Readonly<Record<string, unknown>>;
  /** The arguments of the field above. */
  parentArgs: Readonly<Record<string, unknown>>;
  /** The objects that have the field. */
  parents: Cardinality;
  /** Whether the parents are full objects. */
  full: boolean;
  /** The names of the fields selected below. */
  selected: ReadonlySet<string>;
  app: CapabilityView;
  referencesOf: ReferencesOf;
}

export interface ObjectKey {
  __typename?: string;
  id: string;
}

/** The references in a list of keys, null for one that is no id; those of one type, or all. */
export type ReferencesOf = (
  keys: readonly (string | ObjectKey)[],
  type?: string,
) => readonly (Reference | null)[];

/** Calls by endpoint family. */
export type CallsByFamily = Readonly<Record<Family, number>>;

/** A call that counts once in an operation, however many fields need it. */
export interface NamedCall {
  name: string;
  family: Family;
}

export interface Cost {
  calls: CallsByFamily;
  /** Calls that other fields may need as well. */
  sharedCalls?: readonly NamedCall[];
  /** Calls on top that find out what the app may do. */
  probeCalls?: readonly NamedCall[];
  /** How many of `calls` are single-object lookups that could be batched. */
  lookups?: Partial<Record<Kind, number>>;
  /** The same for lookups that follow another response: below the root, they can be batched with each other. */
  deferredLookups?: Partial<Record<Kind, number>>;
  /** The objects that the field gives. */
  objects: Cardinality;
  /** Whether these are full objects. */
  full: boolean;
}

declare module 'graphql' {
  interface GraphQLFieldExtensions<_TSource, _TContext, _TArgs> {
    cost?: FieldCost;
    /** The usual number of objects in a list; by default `unknownLength`. A page has as many as its arguments say. */
    length?: number | 'pageSize';
    /** How many usual leaves a large leaf is worth. */
    leaves?: number;
  }
  interface GraphQLObjectTypeExtensions<_TSource, _TContext> {
    /** The kind of Spotify's objects that the type has. */
    kind?: Kind;
    /** Whether the type is part of a page, whose objects were counted with the connection. */
    isConnectionPart?: boolean;
  }
}

/** Maximum ids of a plural field. */
export const maxIds = 100;

/** The length of a list that declares none: an album has one or two artists, seldom more. */
export const unknownLength = 5;

interface WithCost {
  extensions: { cost?: FieldCost };
}

/** Whether there is an app for which the field costs a call. */
export const canCost = ({ extensions: { cost } }: WithCost): boolean =>
  cost?.calls !== undefined || cost?.needsFullObject !== undefined;
