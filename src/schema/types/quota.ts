import {
  type FamilyQuota,
  families,
  type LimitSource,
  recordFreshness,
} from '../../datasources/spotify/index.ts';
import { isoTime } from '../../observability/clock.ts';
import { builder } from '../builder.ts';

/** The daily quota, for operators and for clients that spend it. */

const QuotaLimitSource = builder.enumType('QuotaLimitSource', {
  description: 'Where the daily limit of an endpoint family comes from.',
  values: {
    CONFIGURED: { description: 'The operator has set the limit.' },
    LEARNED: { description: 'The gateway has learned the limit from a rejection by Spotify.' },
    PRESUMED: {
      description: 'The limit that apps in development mode were seen to have. It is not enforced.',
    },
    NONE: { description: 'No limit is known.' },
  } satisfies Record<LimitSource, object>,
});

const QuotaFamily = builder.objectRef<FamilyQuota>('QuotaFamily').implement({
  description: 'The calls of one endpoint family in the last 24 hours, and the limit of these calls.',
  fields: (t) => ({
    family: t.exposeString('family', {
      description: 'The path of the endpoints without their ids, such as `artists/albums`.',
    }),
    used: t.exposeInt('used', {
      description: 'Calls of the last 24 hours, of all processes of the gateway.',
    }),
    limit: t.exposeInt('limit', {
      nullable: true,
      description: 'The daily limit; null if no limit is known.',
    }),
    limitSource: t.expose('limitSource', {
      type: QuotaLimitSource,
      description: 'Where `limit` comes from.',
    }),
    remaining: t.exposeInt('remaining', {
      nullable: true,
      description:
        'Calls that are left without the last 2 % of the limit, which stay unused; null if no limit is known.',
    }),
    resetAt: t.string({
      nullable: true,
      description:
        'When a call is available again or, while calls are left, when the oldest counted call expires; ISO 8601.',
      resolve: ({ resetAtMs }) => isoTime(resetAtMs),
    }),
    backOffUntil: t.string({
      nullable: true,
      description:
        'Until when the gateway sends no call of this family, because Spotify rejected one; ISO 8601.',
      resolve: ({ backOffUntilMs }) => isoTime(backOffUntilMs),
    }),
  }),
});

builder.queryFields((t) => ({
  quota: t.field({
    type: [QuotaFamily],
    nullable: true,
    extensions: { length: families.length },
    description:
      'The daily quota of each endpoint family with a counted call, a limit or a back-off. Null if the operator does not expose it.',
    resolve: (_root, _args, context, info) => {
      recordFreshness(context.fieldContext(info), 0); // the next call changes it, so no response with it is cached
      return context.quota();
    },
  }),
}));
