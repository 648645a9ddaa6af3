import { Overloaded } from '../errors.ts';

const retryAfterSeconds = 1;

/** The error of an operation that is rejected because the process has too much to do, or is about to end. */
export const overloaded = (message = 'The gateway is overloaded; retry after 1 second.'): Overloaded =>
  new Overloaded(message, { retryAfter: retryAfterSeconds });
