// What a pod writes: chosen by pod and container, followed while it runs, searched, downloaded.
import { Button, Select, Skeleton, Switch, TextInput } from '@mantine/core';
import type { Pod, Store } from '@souk/contract';
import { IconDownload, IconFileText, IconSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useDeferredValue, useState } from 'react';
import { useSearchParams } from 'react-router';
import { EmptyState } from '../../components/empty-state.tsx';
import { ErrorState } from '../../components/error-state.tsx';
import { Panel } from '../../components/panel.tsx';
import { queries } from '../../lib/queries.ts';
import { messageOf } from '../../lib/tell.ts';
import { LogLines } from './log-lines.tsx';
import classes from './logs-tab.module.css';
import { type LogSource, useLog } from './use-log.ts';

export function LogsTab({ store }: { readonly store: Store }) {
  const { data: pods, error, refetch } = useQuery(queries.pods(store.id));
  if (error !== null && pods === undefined) return <ErrorState error={error} onRetry={() => void refetch()} />;
  if (pods === undefined) return <Skeleton height={420} radius="lg" />;
  if (pods.length === 0) {
    return (
      <Panel isFlush>
        <EmptyState icon={<IconFileText size={22} />} title="No pod, no log">
          Logs appear as soon as the store has pods.
        </EmptyState>
      </Panel>
    );
  }
  return <Logs store={store} pods={pods} />;
}

function Logs({ store, pods }: { readonly store: Store; readonly pods: readonly Pod[] }) {
  const [search, setSearch] = useSearchParams();
  const pod = pods.find(({ name }) => name === search.get('pod')) ?? pods[0];
  const container = pod?.containers.find((name) => name === search.get('container')) ?? pod?.containers[0];
  const [isFollowing, setFollowing] = useState(true);
  const [text, setText] = useState('');
  const wanted = useDeferredValue(text.trim().toLowerCase());
  const source: LogSource = { storeId: store.id, pod: pod?.name ?? '', container, follow: isFollowing };
  const { lines, error, state } = useLog(source);
  const shown = wanted === '' ? lines : lines.filter((line) => line.toLowerCase().includes(wanted));
  const choose = (change: Record<string, string>): void =>
    setSearch((before) => new URLSearchParams({ ...Object.fromEntries(before), ...change }), { replace: true });

  return (
    <Panel isFlush>
      <div className={classes.tools}>
        <Select
          aria-label="Pod"
          data={pods.map(({ name, component }) => ({ value: name, label: component ?? name }))}
          value={pod?.name ?? null}
          onChange={(name) => choose({ pod: name ?? '', container: '' })}
          className={classes.select}
        />
        {(pod?.containers.length ?? 0) > 1 && (
          <Select
            aria-label="Container"
            data={pod?.containers ?? []}
            value={container ?? null}
            onChange={(name) => choose({ container: name ?? '' })}
            className={classes.select}
          />
        )}
        <TextInput
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          placeholder="Search the lines"
          aria-label="Search the lines"
          leftSection={<IconSearch size={16} />}
          className={classes.search}
        />
        <Switch label="Follow" checked={isFollowing} onChange={(event) => setFollowing(event.currentTarget.checked)} />
        <Button
          variant="default"
          leftSection={<IconDownload size={16} />}
          disabled={lines.length === 0}
          onClick={() => download(`${store.name}-${pod?.name}.log`, lines)}
        >
          Download
        </Button>
      </div>
      <LogLines lines={shown} mark={wanted} isFollowing={isFollowing && wanted === ''} name={pod?.name ?? ''} />
      <p className={classes.foot} role="status">
        <span className="tabular">
          {wanted === '' ? `${lines.length} lines` : `${shown.length} of ${lines.length} lines`}
        </span>
        <span>{error === null ? STATE_WORDS[state] : messageOf(error)}</span>
      </p>
    </Panel>
  );
}

const STATE_WORDS = {
  reading: 'Reading…',
  following: 'New lines appear as they are written',
  ended: 'This is the end of the log',
} as const;

function download(name: string, lines: readonly string[]): void {
  const url = URL.createObjectURL(new Blob([`${lines.join('\n')}\n`], { type: 'text/plain' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
