import { BaseSequencer, type TestSpecification } from 'vitest/node';

// Files that wait for seconds. Started last, they would run alone on one of the workers.
const slowFiles = [
  'test/contract/held-resources.test.ts',
  'test/faults/upstream-5xx.test.ts',
  'test/faults/transport.test.ts',
  'test/contract/hostile-documents.test.ts',
  'test/faults/process.test.ts',
  'test/faults/token.test.ts',
  'test/faults/rate-limit.test.ts',
  'test/process/',
  'test/http/graphiql.test.ts',
  'test/datasources/spotify/cache/memory.test.ts',
];

const rank = ({ moduleId }: TestSpecification): number => {
  const place = slowFiles.findIndex((path) => moduleId.includes(path));
  return place < 0 ? slowFiles.length : place;
};

/** Starts the slow files first; the order of the others is that of vitest. */
export default class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((one, other) => rank(one) - rank(other));
  }
}
