// The lines of a log, of which only those in sight exist. Follows the end until one scrolls up, and again when one is back at it.
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef } from 'react';
import classes from './log-lines.module.css';

interface LogLinesProps {
  readonly lines: readonly string[];
  /** In lower case; where it occurs is marked. */
  readonly mark: string;
  readonly isFollowing: boolean;
  readonly name: string;
}

const LINE_HEIGHT = 20;
const NEAR_END = 60;

export function LogLines({ lines, mark, isFollowing, name }: LogLinesProps) {
  const frame = useRef<HTMLDivElement>(null);
  const isAtEnd = useRef(true);
  const virtualizer = useVirtualizer({
    count: lines.length,
    getScrollElement: () => frame.current,
    estimateSize: () => LINE_HEIGHT,
    overscan: 30,
  });
  useEffect(() => {
    const element = frame.current;
    if (isFollowing && isAtEnd.current && element !== null && lines.length > 0)
      element.scrollTop = element.scrollHeight;
  }, [lines, isFollowing]);
  const longest = lines.reduce((most, line) => Math.max(most, line.length), 0);

  return (
    <div
      ref={frame}
      className={classes.frame}
      role="log"
      aria-label={`Log of ${name}`}
      aria-live="off"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
      tabIndex={0}
      onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
        isAtEnd.current = scrollHeight - scrollTop - clientHeight < NEAR_END;
      }}
    >
      <div style={{ height: virtualizer.getTotalSize(), minWidth: `${longest + 4}ch` }} className={classes.lines}>
        {virtualizer.getVirtualItems().map(({ index, start }) => (
          <div key={index} className={classes.line} style={{ transform: `translateY(${start}px)` }}>
            <Marked text={lines[index] ?? ''} mark={mark} />
          </div>
        ))}
      </div>
    </div>
  );
}

function Marked({ text, mark }: { readonly text: string; readonly mark: string }) {
  const at = mark === '' ? -1 : text.toLowerCase().indexOf(mark);
  if (at === -1) return text;
  return (
    <>
      {text.slice(0, at)}
      <mark>{text.slice(at, at + mark.length)}</mark>
      {text.slice(at + mark.length)}
    </>
  );
}
