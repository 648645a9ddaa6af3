import fc from 'fast-check';
import { trackCurrentTest } from './test-end.ts';

// One seed for all properties of a run; a failure prints it. In CI the seed is constant, so that a commit always has the
// same result; elsewhere each run has another seed.
fc.configureGlobal({ seed: process.env['CI'] ? 1 : Date.now() | 0 });

trackCurrentTest();
