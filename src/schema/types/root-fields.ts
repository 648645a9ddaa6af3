import { type Kind, parseId, typedKinds } from '../../datasources/spotify/index.ts';
import { idArg, idsArg, marketArg, mergedByIds, rootMarket } from '../arguments.ts';
import { type ArgsBuilder, builder } from '../builder.ts';
import { lookupCost, lookupsCost } from '../planning/object-costs.ts';
import { mapIds } from '../resolvers.ts';
import { objectById } from './node.ts';
import { objectTypeOf } from './object-types.ts';

/** Defines the two root fields of a kind: one object by its id, and one for each of many ids. */
export function defineRootFields(kind: Kind): void {
  const { plural, takesMarket, fallbackMarket } = typedKinds[kind];
  const type = objectTypeOf(kind);
  const absence =
    fallbackMarket === undefined
      ? 'null where there is none.'
      : `null where the market has none. Where no market is known, that is the ${fallbackMarket}.`;
  const marketArgs = (t: ArgsBuilder) => (takesMarket ? { market: marketArg(t) } : {});
  const marketOf: typeof rootMarket = (...parameters) => (takesMarket ? rootMarket(...parameters) : null);

  builder.queryFields((t) => ({
    [kind]: t.field({
      type,
      nullable: true,
      extensions: { cost: lookupCost(kind) },
      description: `One ${kind}; ${absence}`,
      args: { id: idArg(t), ...marketArgs(t) },
      resolve: (_, { id, ...args }, context, info) =>
        objectById(kind, parseId(id, kind), marketOf(args, context, info), { context, info }),
    }),
    [plural]: t.field({
      type: [type],
      nullable: { list: false, items: true },
      extensions: { ...mergedByIds, cost: lookupsCost(kind) },
      description: `Many ${plural}: one entry for each id, in their order; ${absence}`,
      args: { ids: idsArg(t), ...marketArgs(t) },
      resolve: (_, { ids, ...args }, context, info) => {
        const market = marketOf(args, context, info);
        return mapIds(ids, (id, index) =>
          objectById(kind, parseId(id, kind), market, { context, info, index }),
        );
      },
    }),
  }));
}
