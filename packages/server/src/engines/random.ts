// Random texts of a store's Secrets, from the cryptographic source that the caller passes in.
const ALPHABET = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789';
const PASSWORD_LENGTH = 20;

type RandomBytes = (count: number) => Uint8Array;

/** Twenty letters and digits (116 bits) without those that look alike; safe in a URL and in any shell. */
export function randomPassword(randomBytes: RandomBytes): string {
  // Bytes beyond the last whole multiple of the alphabet would make its first letters likelier than the others.
  const limit = 256 - (256 % ALPHABET.length);
  let password = '';
  while (password.length < PASSWORD_LENGTH) {
    for (const byte of randomBytes(PASSWORD_LENGTH)) {
      if (byte < limit && password.length < PASSWORD_LENGTH) password += ALPHABET[byte % ALPHABET.length];
    }
  }
  return password;
}

export function randomHex(randomBytes: RandomBytes, byteCount: number): string {
  return Buffer.from(randomBytes(byteCount)).toString('hex');
}
