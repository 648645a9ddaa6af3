import { type GraphQLResolveInfo, responsePathAsArray } from 'graphql';
import type {
  Family,
  FamilyQuota,
  FieldContext,
  OperationContext,
  Spotify,
} from '../datasources/spotify/index.ts';
import type { Plan } from './planning/plan.ts';
import { createRunningSelection, type RunningSelection } from './planning/running-selection.ts';
import type { FieldSelection } from './planning/selection-tree.ts';

/** The context of resolvers: the datasource, and the deadline and usage of the operation. */
export interface Context {
  spotify: Spotify;
  operationContext: OperationContext;
  /** The hash of the operation's document; empty before the document is parsed, and for other executors. */
  documentHash: string;
  /** The operation, which is a query; null before the document is known to be valid, and for other executors. */
  operation: { name: string | null } | null;
  /** The plan of the operation; null until it is made, and for executors without a planner. */
  plan: Plan | null;
  selection: RunningSelection;
  /** See `Spotify.quota`; null if clients must not see it. */
  quota(selected?: ReadonlySet<Family>): readonly FamilyQuota[] | null;
  /** The operation, and the location of the resolved field in its response. @param index see `ResolvedField` */
  fieldContext(info: GraphQLResolveInfo, index?: number): FieldContext;
}

/** The field that is being resolved. */
export interface ResolvedField {
  context: Context;
  info: GraphQLResolveInfo;
  /** Of the object that is read, if the field returns a list of objects. */
  index?: number;
}

/** A field that reads from the datasource. */
export interface FieldRead {
  /** The names of the fields selected below it. */
  selectedNames: ReadonlySet<string>;
  fieldContext: FieldContext;
  /** Whether the operation names a market for a field above. */
  hasMarketAbove(): boolean;
}

export interface ContextOptions {
  /** Whether clients may see the daily quota; by default not. */
  exposeQuota?: boolean;
}

/**
 * The context of one operation, for any GraphQL executor.
 * @param operationContext its deadline and its usage
 */
export const createContext = (
  spotify: Spotify,
  operationContext: OperationContext,
  { exposeQuota = false }: ContextOptions = {},
): Context => {
  const context: Context = {
    spotify,
    operationContext,
    documentHash: '',
    operation: null,
    plan: null,
    selection: createRunningSelection(() => context.plan?.selectionTree),
    quota: (selected) => (exposeQuota ? spotify.quota(selected) : null),
    fieldContext: (info, index) => ({
      operation: operationContext,
      location: () => ({
        field: `${info.parentType.name}.${info.fieldName}`,
        path: [...responsePathAsArray(info.path), ...(index === undefined ? [] : [index])],
      }),
    }),
  };
  return context;
};

/** The read of the field that is being resolved. */
export const fieldRead = (context: Context, info: GraphQLResolveInfo): FieldRead => ({
  selectedNames: context.selection.field(info)?.selectedNames ?? none,
  fieldContext: context.fieldContext(info),
  hasMarketAbove: () => context.selection.hasMarketAbove(responsePathAsArray(info.path), info),
});

const none: ReadonlySet<string> = new Set();

/** The read of a field below the one that is being resolved. */
export const childFieldRead = (
  { context, info, index }: ResolvedField,
  { responseName, selectedNames, name }: FieldSelection,
): FieldRead => {
  const path = () => [
    ...responsePathAsArray(info.path),
    ...(index === undefined ? [] : [index]),
    responseName,
  ];
  return {
    selectedNames,
    fieldContext: {
      operation: context.operationContext,
      location: () => ({ field: name, path: path() }),
    },
    hasMarketAbove: () => context.selection.hasMarketAbove(path(), info),
  };
};
