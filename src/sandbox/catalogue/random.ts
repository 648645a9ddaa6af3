/**
 * A random number generator that depends only on its seed, so that every machine generates the same catalogue,
 * and every part of it can be generated alone and in any order.
 */
export interface Random {
  /** A whole number from 0 up to, not including, `limit`. */
  below(limit: number): number;
  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number;
  /** True in `probability` of all draws (0 to 1). */
  chance(probability: number): boolean;
  /** One entry of the list. */
  pick<T>(list: readonly [T, ...T[]]): T;
  /** `length` characters of the alphabet. */
  text(alphabet: string, length: number): string;
}

export const base62 = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
export const hexadecimal = '0123456789abcdef';
export const decimal = '0123456789';

const idLength = 22;
// Ids are 128-bit numbers in base 62, and 2^128 is written "7N42…": below a leading 7 every id is in range.
const leadingDigits = base62.slice(0, 7);

const wordRange = 2 ** 32;
// Two passes from different starts give 64 bits: with 32, ten thousand ids would be likely to collide.
const hashStarts = [0x811c9dc5, 0x9e3779b9] as const;
const hashPrime = 0x01000193; // FNV's prime for 32 bits

/** Creates a generator: equal seeds produce equal numbers. */
export function createRandom(seed: string): Random {
  let a = hash(seed, hashStarts[0]);
  let b = hash(seed, hashStarts[1]) | 1; // the state must never be all zeros

  // xoroshiro64*: small and fast; its high bits, which are used below, are of good quality.
  const nextWord = () => {
    const word = Math.imul(a, 0x9e3779bb) >>> 0;
    b ^= a;
    a = rotateLeft(a, 26) ^ b ^ (b << 9);
    b = rotateLeft(b, 13);
    return word;
  };

  const below = (limit: number) => Math.floor((nextWord() / wordRange) * limit);

  return {
    below,
    between: (low, high) => low + below(high - low + 1),
    chance: (probability) => nextWord() < probability * wordRange,
    pick: (list) => list[below(list.length)] ?? list[0],
    text: (alphabet, length) => {
      let text = '';
      for (let i = 0; i < length; i++) text += alphabet.charAt(below(alphabet.length));
      return text;
    },
  };
}

/** The id for `key`: 22 base62 characters, below 2^128, the same on every machine. */
export function idOf(key: string): string {
  const random = createRandom(`id:${key}`);
  return random.text(leadingDigits, 1) + random.text(base62, idLength - 1);
}

function hash(text: string, start: number): number {
  let value = start;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), hashPrime);
  // FNV alone leaves the high bits of short, similar texts alike; this spreads the last characters.
  value = Math.imul(value ^ (value >>> 16), 0x45d9f3b);
  return (value ^ (value >>> 15)) >>> 0;
}

const rotateLeft = (value: number, bits: number) => (value << bits) | (value >>> (32 - bits));
