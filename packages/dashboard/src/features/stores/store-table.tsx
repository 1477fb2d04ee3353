// The list itself. Only the rows in sight exist, so that ten thousand stores scroll like ten; further pages are fetched before the
// end comes into sight.
import { Skeleton } from '@mantine/core';
import type { Store } from '@souk/contract';
import { useQuery } from '@tanstack/react-query';
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useLayoutEffect, useRef, useState } from 'react';
import { queries } from '../../lib/queries.ts';
import { StoreRow } from './store-row.tsx';
import classes from './store-table.module.css';
import { useEngineTitles } from './use-engine-title.ts';

interface StoreTableProps {
  readonly stores: readonly Store[];
  readonly hasMore: boolean;
  readonly isFetchingMore: boolean;
  readonly onMore: () => void;
}

const ROW_HEIGHT = 64;
const NARROW_ROW_HEIGHT = 108;
const ROWS_AHEAD = 15;

export function StoreTable({ stores, hasMore, isFetchingMore, onMore }: StoreTableProps) {
  const body = useRef<HTMLDivElement>(null);
  const { data: progress } = useQuery(queries.progress());
  const titleOf = useEngineTitles();
  const [offset, setOffset] = useState(0);
  const isNarrow = useIsNarrow();
  const height = isNarrow ? NARROW_ROW_HEIGHT : ROW_HEIGHT;
  useLayoutEffect(() => setOffset((body.current?.getBoundingClientRect().top ?? 0) + window.scrollY), []);
  const virtualizer = useWindowVirtualizer({
    count: stores.length,
    estimateSize: () => height,
    overscan: 5,
    scrollMargin: offset,
    // Drawing the rows is a task of its own, apart from the frame that scrolls.
    useFlushSync: false,
    getItemKey: (index) => stores[index]?.id ?? index,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: the sizes it keeps are those of the other layout
  useEffect(() => virtualizer.measure(), [height]);
  const rows = virtualizer.getVirtualItems();
  const last = rows.at(-1)?.index ?? 0;
  const isNearEnd = last >= stores.length - ROWS_AHEAD;
  useEffect(() => {
    if (isNearEnd && hasMore && !isFetchingMore) onMore();
  }, [isNearEnd, hasMore, isFetchingMore, onMore]);

  return (
    <div role="table" aria-label="Stores" aria-rowcount={hasMore ? -1 : stores.length + 1} className={classes.table}>
      <TableHead />
      <div role="rowgroup" ref={body} style={{ height: virtualizer.getTotalSize(), position: 'relative' }}>
        {rows.map(({ index, key, start }) => {
          const store = stores[index];
          if (store === undefined) return null;
          return (
            <div
              key={key}
              role="row"
              aria-rowindex={index + 2}
              className={classes.row}
              style={{ height, transform: `translateY(${start - offset}px)` }}
            >
              <StoreRow store={store} progress={progress?.[store.id]} engineTitle={titleOf(store.engine)} />
            </div>
          );
        })}
      </div>
      {isFetchingMore && (
        <p className={classes.more} role="status">
          Fetching more…
        </p>
      )}
    </div>
  );
}

function TableHead() {
  return (
    <div role="rowgroup">
      <div role="row" aria-rowindex={1} className={classes.head}>
        {['Store', 'State', 'Engine', 'Plan', 'Created'].map((title) => (
          <span role="columnheader" key={title}>
            {title}
          </span>
        ))}
        <span role="columnheader">
          <span className={classes.unseen}>Actions</span>
        </span>
      </div>
    </div>
  );
}

export function StoreTableSkeleton() {
  const isNarrow = useIsNarrow();
  return (
    <div className={classes.table} aria-busy="true" role="status" aria-label="Loading the stores">
      <div className={classes.head} />
      {Array.from({ length: 8 }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: they are all alike
        <div key={index} className={classes.ghost} style={{ height: isNarrow ? NARROW_ROW_HEIGHT : ROW_HEIGHT }}>
          <Skeleton width={32} height={32} radius="md" />
          <div>
            <Skeleton width={140} height={12} mb={8} />
            <Skeleton width={200} height={10} />
          </div>
        </div>
      ))}
    </div>
  );
}

const NARROW = '(max-width: 960px)';

function useIsNarrow(): boolean {
  const [isNarrow, setNarrow] = useState(() => matchMedia(NARROW).matches);
  useEffect(() => {
    const media = matchMedia(NARROW);
    const follow = (): void => setNarrow(media.matches);
    media.addEventListener('change', follow);
    return () => media.removeEventListener('change', follow);
  }, []);
  return isNarrow;
}
