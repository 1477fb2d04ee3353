// What the storefront is told from outside, read when it is needed and never at build time, so that one image serves all stores.

export interface Settings {
  /** Where the Medusa backend answers, without a trailing slash. */
  backendUrl: string;
  /** The store's publishable API key; it is not a secret. */
  publishableKey: string;
}

/** Throws one error that names every setting that is missing or malformed. */
export function readSettings(env: Record<string, string | undefined> = process.env): Settings {
  const problems: string[] = [];
  const backendUrl = (env.BACKEND_URL ?? 'http://backend:9000').replace(/\/+$/, '');
  if (!/^https?:\/\//.test(backendUrl) || !URL.canParse(backendUrl)) {
    problems.push(`BACKEND_URL must be an http(s) address, not "${backendUrl}"`);
  }
  const publishableKey = env.PUBLISHABLE_KEY?.trim() ?? '';
  if (publishableKey === '') problems.push("PUBLISHABLE_KEY must hold the store's publishable API key");
  if (problems.length > 0) throw new Error(`The storefront cannot run: ${problems.join('; ')}.`);
  return { backendUrl, publishableKey };
}
