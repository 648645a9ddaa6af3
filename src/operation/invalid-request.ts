import type { GraphQLError } from 'graphql';

/** A document or variables with mistakes: one error for each mistake, as the client gets it. */
export class InvalidRequest extends Error {
  readonly errors: readonly GraphQLError[];

  constructor(errors: readonly GraphQLError[]) {
    super(errors.map(({ message }) => message).join(' '));
    this.errors = errors;
  }
}
