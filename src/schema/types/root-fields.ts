import { type Kind, kinds, parseId, typedKinds } from '../../datasources/spotify/index.ts';
import { idArg, idsArg, mapIds, marketArg, mergedByIds, rootMarket } from '../arguments.ts';
import { builder } from '../builder.ts';
import { lookupCost, lookupsCost } from '../planning/object-costs.ts';
import { objectTypeOf } from './node.ts';

/** Defines the two root fields of a kind that takes a market: one object by its id, and one for each of many ids. */
export function defineRootFields(kind: Kind): void {
  const { plural, fallbackMarket } = typedKinds[kind];
  const type = objectTypeOf(kind);
  const absence =
    fallbackMarket === undefined
      ? 'null where there is none.'
      : `null where the market has none. Where no market is known, that is the ${fallbackMarket}.`;

  builder.queryFields((t) => ({
    [kind]: t.field({
      type,
      nullable: true,
      extensions: { cost: lookupCost(kind) },
      description: `One ${kind}; ${absence}`,
      args: { id: idArg(t), market: marketArg(t) },
      resolve: (_, { id, ...args }, context, info) =>
        context.spotify.object(
          kind,
          parseId(id, kind),
          rootMarket(args, context, info),
          context.fieldContext(info),
        ),
    }),
    [plural]: t.field({
      type: [type],
      nullable: { list: false, items: true },
      extensions: { ...mergedByIds, cost: lookupsCost(kind) },
      description: `Many ${kinds[kind].plural}: one entry for each id, in their order; ${absence}`,
      args: { ids: idsArg(t), market: marketArg(t) },
      resolve: (_, { ids, ...args }, context, info) => {
        const market = rootMarket(args, context, info);
        return mapIds(ids, (id, index) =>
          context.spotify.object(kind, parseId(id, kind), market, context.fieldContext(info, index)),
        );
      },
    }),
  }));
}
