import SchemaBuilder from '@pothos/core';
import type { Context } from './context.ts';

/** One builder for all type files. Fields are non-null unless they say otherwise: null means something here. */
export const builder = new SchemaBuilder<{
  Context: Context;
  DefaultFieldNullability: false;
  Scalars: {
    ID: { Input: string; Output: string };
    Market: { Input: string; Output: string };
    _Any: { Input: { __typename: string; id: string }; Output: never };
  };
}>({ defaultFieldNullability: false });

builder.queryType({ description: "Where every question to Spotify's catalogue begins." });
