// Everything that happened to the store, newest first.
import { Skeleton, TextInput } from '@mantine/core';
import type { Event, Store } from '@souk/contract';
import { IconHistory, IconSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { EmptyState } from '../../components/empty-state.tsx';
import { ErrorState } from '../../components/error-state.tsx';
import { Instant } from '../../components/instant.tsx';
import { Panel } from '../../components/panel.tsx';
import { StateDot, type Tone } from '../../components/state-dot.tsx';
import { formatDay, formatDuration } from '../../lib/format.ts';
import { queries } from '../../lib/queries.ts';
import classes from './activity-tab.module.css';

export function ActivityTab({ store }: { readonly store: Store }) {
  const { data: events, error, refetch } = useQuery(queries.events(store.id));
  const [text, setText] = useState('');
  if (error !== null && events === undefined) return <ErrorState error={error} onRetry={() => void refetch()} />;
  if (events === undefined) return <Skeleton height={320} radius="lg" />;
  const wanted = text.trim().toLowerCase();
  const shown = events
    .filter(({ message, type, actor }) => `${message} ${type} ${actor}`.toLowerCase().includes(wanted))
    .reverse();
  return (
    <Panel
      title="Events"
      about="Newest first, as they happen"
      actions={
        <TextInput
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          placeholder="Search"
          aria-label="Search the events"
          leftSection={<IconSearch size={16} />}
          size="xs"
        />
      }
      isFlush
    >
      {shown.length === 0 ? (
        <EmptyState icon={<IconHistory size={22} />} title="No event fits">
          {events.length === 0 ? 'Nothing has happened yet.' : 'None of them holds that text.'}
        </EmptyState>
      ) : (
        <ol className={classes.events}>
          {shown.map((event, index) => (
            <EventLine key={event.id} event={event} isNewDay={isNewDay(event, shown[index - 1])} />
          ))}
        </ol>
      )}
    </Panel>
  );
}

const isNewDay = (event: Event, above: Event | undefined): boolean =>
  above === undefined || formatDay(above.at) !== formatDay(event.at);

function EventLine({ event, isNewDay: beginsDay }: { readonly event: Event; readonly isNewDay: boolean }) {
  return (
    <>
      {beginsDay && (
        <li className={classes.day}>
          <span>{formatDay(event.at)}</span>
        </li>
      )}
      <li className={classes.event}>
        <StateDot tone={toneOf(event)} />
        <span className={classes.message}>{event.message}</span>
        <span className={`${classes.detail} tabular`}>
          {event.durationMs !== null && <span>{formatDuration(event.durationMs)}</span>}
          <span className={classes.actor}>{event.actor.startsWith('worker') ? 'worker' : event.actor}</span>
          <Instant at={event.at} />
        </span>
      </li>
    </>
  );
}

function toneOf({ type, details }: Event): Tone {
  switch (type) {
    case 'store.ready':
    case 'store.step_completed':
      return 'good';
    case 'store.provisioning_failed':
    case 'store.step_failed':
      return 'bad';
    case 'store.worker_lost':
    case 'store.deletion_delayed':
    case 'store.drift_detected':
    case 'store.diagnosis_recorded':
      return 'busy';
    case 'store.health_changed':
      return details.health === 'degraded' ? 'busy' : 'good';
    default:
      return 'idle';
  }
}
