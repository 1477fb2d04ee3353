// The steps of a store's way as bars over a common time: what took how long, what runs now, what is still to come.
import { Skeleton } from '@mantine/core';
import type { Store } from '@souk/contract';
import { IconCheck, IconX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { ErrorState } from '../../components/error-state.tsx';
import { formatDuration } from '../../lib/format.ts';
import { useNow } from '../../lib/now.ts';
import { queries } from '../../lib/queries.ts';
import { STEP_TITLES } from '../stores/words.ts';
import classes from './progress-timeline.module.css';
import { type Course, type CourseStep, readCourse } from './step-course.ts';

export function ProgressTimeline({ store }: { readonly store: Store }) {
  const { data: events, error, refetch } = useQuery(queries.events(store.id));
  if (error !== null && events === undefined) return <ErrorState error={error} onRetry={() => void refetch()} />;
  if (events === undefined) return <Skeleton height={6 * 34} />;
  const course = readCourse(store, events);
  const isRunning = course.steps.some(({ state }) => state === 'running');
  return isRunning ? <RunningCourse course={course} /> : <Bars course={course} now={0} />;
}

function RunningCourse({ course }: { readonly course: Course }) {
  return <Bars course={course} now={useNow(250)} />;
}

function Bars({ course: { steps, beganAt }, now }: { readonly course: Course; readonly now: number }) {
  const origin = beganAt === null ? 0 : Date.parse(beganAt);
  const runningMs = (step: CourseStep): number => Math.max(0, now - origin - (step.startMs ?? 0));
  const lengthOf = (step: CourseStep): number => step.durationMs ?? (step.state === 'running' ? runningMs(step) : 0);
  const total = Math.max(1, ...steps.map((step) => (step.startMs ?? 0) + lengthOf(step)));
  return (
    <ol className={classes.steps}>
      {steps.map((step) => (
        <li key={step.step} className={classes.step} data-state={step.state}>
          <span className={classes.mark} aria-hidden="true">
            {step.state === 'done' && <IconCheck size={13} stroke={2.5} />}
            {step.state === 'failed' && <IconX size={13} stroke={2.5} />}
          </span>
          <span className={classes.title}>
            {STEP_TITLES[step.step] ?? step.step}
            <span className={classes.unseen}>: {step.state}</span>
          </span>
          <span className={classes.track} aria-hidden="true">
            {step.startMs !== null && (
              <i
                style={{
                  left: `${(step.startMs / total) * 100}%`,
                  width: `${(lengthOf(step) / total) * 100}%`,
                }}
              />
            )}
          </span>
          <span className={`${classes.duration} tabular`}>
            {step.durationMs !== null && formatDuration(step.durationMs)}
            {step.state === 'running' && formatDuration(Math.floor(lengthOf(step) / 1000) * 1000)}
            {step.state === 'waiting' && '–'}
          </span>
        </li>
      ))}
    </ol>
  );
}
