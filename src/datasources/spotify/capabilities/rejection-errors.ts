/** Spotify rejected the page size. */
export class LimitRejected extends Error {
  /** Whether the message of the response states the cause; otherwise only its status suggests it. */
  readonly isExplicit: boolean;
  constructor(isExplicit: boolean) {
    super('page size rejected');
    this.isExplicit = isExplicit;
  }
}

/** The page is to be requested again, with at most `limit` items. */
export class SmallerPageNeeded extends Error {
  readonly limit: number;
  constructor(limit: number) {
    super(`a page of at most ${limit} items is needed`);
    this.limit = limit;
  }
}

/** Spotify rejected the use of a feature. */
export class FeatureWithheld extends Error {
  /** Whether the message of the response states the cause; otherwise only its status suggests it. */
  readonly isExplicit: boolean;
  constructor(isExplicit: boolean) {
    super('feature withheld');
    this.isExplicit = isExplicit;
  }
}
