import type { GraphQLError } from 'graphql';

/** A document or variables that cannot be right: each mistake in an error of its own, as the client gets it. */
export class Invalid extends Error {
  readonly errors: readonly GraphQLError[];

  constructor(errors: readonly GraphQLError[]) {
    super(errors.map(({ message }) => message).join(' '));
    this.errors = errors;
  }
}
