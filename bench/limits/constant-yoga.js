import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { buildSchema } from 'graphql';
import { createYoga } from 'graphql-yoga';
import { rootValue } from './constant-data.js';
import { listen } from './serve.js';

/** Yoga with our schema, default resolvers and no upstream: the upper limit of any gateway on Yoga. */

const schema = buildSchema(readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf8'));

const useConstant = {
  onExecute({ args }) {
    args.rootValue = rootValue;
  },
};

listen(
  createServer(
    createYoga({ schema, plugins: [useConstant], graphiql: false, landingPage: false, logging: false }),
  ),
);
