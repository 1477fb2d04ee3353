// Runs once, before the first request: a storefront with unusable settings ends at once and says why, instead of failing per page.

export async function register(): Promise<void> {
  // Next compiles this file for two runtimes; only one of them can end a process.
  if (process.env.NEXT_RUNTIME === 'nodejs') (await import('./check-settings.ts')).endWithoutSettings();
}
