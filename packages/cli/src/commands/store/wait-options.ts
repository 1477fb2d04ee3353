// The options of every command that can wait for a store to get somewhere.
import { UsageError } from '../../exit-code.ts';
import { parseDuration } from '../../output/words.ts';

const DEFAULT_TIMEOUT = '10m';

export const WAIT_OPTION = {
  wait: { type: 'boolean', short: 'w', help: 'stay until it is done, showing each step' },
} as const;
export const TIMEOUT_OPTION = {
  timeout: { type: 'string', value: 'TIME', help: `how long --wait stays, e.g. 90s or 5m (${DEFAULT_TIMEOUT})` },
} as const;

export function readTimeout(text: string | undefined, command: string): number {
  const timeoutMs = parseDuration(text ?? DEFAULT_TIMEOUT);
  if (timeoutMs === null || timeoutMs === 0) throw new UsageError(`--timeout is not a time: "${text}"`, command);
  return timeoutMs;
}
