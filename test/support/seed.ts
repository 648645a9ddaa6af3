import fc from 'fast-check';
import { knowOwnTest } from './test-end.ts';

// One seed for every property of a run, which a failure prints. In CI it is always the same, so that one commit has
// one verdict; everywhere else it is another one each time. A property that fails ends its search for the smallest
// counterexample before the test's timeout, which would hide it.
fc.configureGlobal({ seed: process.env['CI'] ? 1 : Date.now() | 0, interruptAfterTimeLimit: 10_000 });

knowOwnTest();
