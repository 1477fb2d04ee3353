// A rough measure of how long a password would take to guess: its length times what each character can be, less for repetition.
import { ADMIN_PASSWORD_MIN_LENGTH } from '@souk/contract';

export interface Strength {
  /** 1 (weak) to 4 (strong). */
  readonly score: 1 | 2 | 3 | 4;
  readonly words: string;
}

const CLASSES = [
  [/\p{Ll}/u, 26],
  [/\p{Lu}/u, 26],
  [/\d/, 10],
  [/[^\p{L}\d]/u, 33],
] as const;

export function strengthOf(password: string): Strength {
  if (password.length < ADMIN_PASSWORD_MIN_LENGTH) {
    return { score: 1, words: `${ADMIN_PASSWORD_MIN_LENGTH - password.length} more characters are needed` };
  }
  const alphabet = CLASSES.reduce((sum, [pattern, size]) => sum + (pattern.test(password) ? size : 0), 0);
  // "aaaaaaaaaaaa" and "abcabcabcabc" are no longer than what they repeat.
  const distinct = new Set(password).size;
  const bits = Math.min(password.length, distinct * 1.5) * Math.log2(Math.max(2, alphabet));
  if (bits < 50) return { score: 2, words: 'Easy to guess' };
  return bits < 75 ? { score: 3, words: 'Good' } : { score: 4, words: 'Strong' };
}
