import fc from 'fast-check';
import { knowOwnTest } from './test-end.ts';

// One seed for every property of a run, which a failure prints. In CI it is always the same, so that one commit has
// one verdict; everywhere else it is another one each time.
fc.configureGlobal({ seed: process.env['CI'] ? 1 : Date.now() | 0 });

knowOwnTest();
