/** A property of a value of unknown type, such as parsed JSON; undefined if the value is no object or does not have it. */
export const propertyOf = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? Reflect.get(value, key)
    : undefined;
