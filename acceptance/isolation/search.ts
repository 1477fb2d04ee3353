// Finds a secret in any text, also in the spellings in which programs pass texts on.

export interface Canary {
  /** Names the secret in a failure; its value is never told. */
  readonly what: string;
  readonly value: string;
}

/** Tells which of the secrets are in a text. */
export function makeSearch(canaries: readonly Canary[]): (text: string | Buffer) => string[] {
  const spelled = canaries.map(({ what, value }) => ({ what, spellings: spell(value) }));
  return (text) => {
    const searched = typeof text === 'string' ? text : text.toString('latin1');
    return spelled
      .filter(({ spellings }) => spellings.some((spelling) => searched.includes(spelling)))
      .map(({ what }) => what);
  };
}

function spell(value: string): string[] {
  const bytes = Buffer.from(value);
  const spellings = [value, encodeURIComponent(value), JSON.stringify(value).slice(1, -1), bytes.toString('hex')];
  return [...new Set([...spellings, ...spellInBase64(bytes)])];
}

/** As part of a longer text, base64 has three spellings of the same bytes; the characters at the seams belong to the neighbours too. */
function spellInBase64(bytes: Buffer): string[] {
  return [0, 1, 2].map((offset) => {
    const padded = Buffer.concat([Buffer.alloc(offset), bytes]);
    const whole = padded.toString('base64').replace(/=+$/, '');
    const from = offset === 0 ? 0 : offset + 1;
    const to = padded.length % 3 === 0 ? whole.length : whole.length - 1;
    return whole.slice(from, to);
  });
}
