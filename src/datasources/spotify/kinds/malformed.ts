/** A value, or one of its elements, that is not as documented. It fails alone; the object around it stays. */
export interface Malformed {
  /** Where it is wrong, such as `album.name`. */
  malformed: string;
}

export const isMalformed = (value: unknown): value is Malformed =>
  typeof value === 'object' && value !== null && 'malformed' in value;
