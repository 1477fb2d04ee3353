// Reads one container's log into memory, line by line; keeps the newest lines and gives them to the screen once a frame at most.
import { useEffect, useState } from 'react';
import { client } from '../../lib/client.ts';

export interface LogSource {
  readonly storeId: string;
  readonly pod: string;
  readonly container: string | undefined;
  readonly follow: boolean;
}

export interface LogView {
  readonly lines: readonly string[];
  readonly state: 'reading' | 'following' | 'ended';
  readonly error: unknown;
}

const TAIL = 1_000;
// What a person can search; a log that writes for days must not fill the tab's memory.
const MOST_LINES = 20_000;
const GATHER_MS = 60;
const EMPTY: LogView = { lines: [], state: 'reading', error: null };

export function useLog({ storeId, pod, container, follow }: LogSource): LogView {
  const [view, setView] = useState(EMPTY);
  useEffect(() => {
    const controller = new AbortController();
    const lines: string[] = [];
    let timer: ReturnType<typeof setTimeout> | undefined;
    const show = (state: LogView['state'], error: unknown = null): void => {
      clearTimeout(timer);
      timer = undefined;
      if (!controller.signal.aborted) setView({ lines: [...lines], state, error });
    };
    const read = async (): Promise<void> => {
      const options = {
        pod,
        tail: TAIL,
        follow,
        signal: controller.signal,
        ...(container === undefined ? {} : { container }),
      };
      for await (const line of client.readStoreLogs(storeId, options)) {
        lines.push(line);
        if (lines.length > MOST_LINES) lines.splice(0, lines.length - MOST_LINES);
        timer ??= setTimeout(() => show('following'), GATHER_MS);
      }
    };
    setView(EMPTY);
    read().then(
      () => show('ended'),
      (error: unknown) => show('ended', error),
    );
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [storeId, pod, container, follow]);
  return view;
}
