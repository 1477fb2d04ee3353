// The platform's health in one line, always in sight; the cluster's page says more.
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { StateDot } from '../components/state-dot.tsx';
import { paths } from '../lib/paths.ts';
import { queries } from '../lib/queries.ts';
import classes from './cluster-line.module.css';

export function ClusterLine() {
  const { data, isError } = useQuery(queries.health());
  const word = isError ? 'Platform does not answer' : data === undefined ? 'Looking…' : wordOf(data);
  const tone = isError ? 'bad' : data === undefined ? 'idle' : data.healthy ? 'good' : 'bad';
  return (
    <Link to={paths.cluster} className={classes.line}>
      <StateDot tone={tone} />
      <span className={classes.words}>
        <span className={classes.word}>{word}</span>
        <span className={classes.detail}>
          {data === undefined
            ? ' '
            : `${data.cluster.nodes.length} ${data.cluster.nodes.length === 1 ? 'node' : 'nodes'} · ${data.workers.alive} workers`}
        </span>
      </span>
    </Link>
  );
}

function wordOf(health: { healthy: boolean; database: { healthy: boolean }; cluster: { healthy: boolean } }): string {
  if (health.healthy) return 'All systems work';
  if (!health.database.healthy) return 'Database unreachable';
  return health.cluster.healthy ? 'No worker is running' : 'Cluster needs attention';
}
