// The platform underneath: its parts, whether each answers and in which version, and how full the nodes are.
import { Skeleton } from '@mantine/core';
import type { PlatformHealth } from '@souk/contract';
import { useQuery } from '@tanstack/react-query';
import { ErrorState } from '../../components/error-state.tsx';
import { Figure, Figures } from '../../components/figure.tsx';
import { Instant } from '../../components/instant.tsx';
import { Meter } from '../../components/meter.tsx';
import { PageHeader } from '../../components/page-header.tsx';
import { Panel } from '../../components/panel.tsx';
import { StateDot } from '../../components/state-dot.tsx';
import { formatCores, formatMib } from '../../lib/format.ts';
import { queries } from '../../lib/queries.ts';
import classes from './cluster-page.module.css';

export function ClusterPage() {
  const { data, error, refetch } = useQuery(queries.health());
  return (
    <>
      <PageHeader title="Cluster" about="What your stores run on" />
      {data === undefined ? (
        error === null ? (
          <Skeleton height={320} radius="lg" />
        ) : (
          <ErrorState error={error} onRetry={() => void refetch()} />
        )
      ) : (
        <ClusterView health={data} />
      )}
    </>
  );
}

function ClusterView({ health }: { readonly health: PlatformHealth }) {
  const { api, database, cluster, workers } = health;
  const { nodes } = cluster;
  return (
    <>
      <Figures>
        <Figure label="API" value={<Part isHealthy={api.healthy} />} about={`Souk ${api.version}`} />
        <Figure
          label="Database"
          value={<Part isHealthy={database.healthy} />}
          about={database.message ?? `PostgreSQL ${database.version ?? ''}`}
        />
        <Figure
          label="Kubernetes"
          value={<Part isHealthy={cluster.healthy} />}
          about={cluster.message ?? cluster.version ?? 'unknown'}
        />
        <Figure
          label="Workers"
          value={workers.alive}
          about={workers.alive === 0 ? 'Nothing is being worked on' : 'alive'}
        />
      </Figures>
      <Panel
        title={nodes.length === 1 ? 'One node' : `${nodes.length} nodes`}
        {...(cluster.observedAt !== null && {
          about: (
            <>
              Seen <Instant at={cluster.observedAt} />
            </>
          ),
        })}
        isFlush
      >
        <ul className={classes.nodes}>
          {nodes.map((node) => (
            <NodeLine key={node.name} node={node} />
          ))}
        </ul>
      </Panel>
    </>
  );
}

function Part({ isHealthy }: { readonly isHealthy: boolean }) {
  return (
    <span className={classes.part}>
      <StateDot tone={isHealthy ? 'good' : 'bad'} />
      {isHealthy ? 'Healthy' : 'Unreachable'}
    </span>
  );
}

function NodeLine({ node }: { readonly node: PlatformHealth['cluster']['nodes'][number] }) {
  const { capacity, used } = node;
  return (
    <li className={classes.node}>
      <div>
        <p className={classes.name}>
          <StateDot tone={node.ready ? 'good' : 'bad'} /> {node.name}
        </p>
        <p className={classes.about}>
          {node.ready ? 'Ready' : 'Not ready'}
          {node.version != null && ` · kubelet ${node.version}`}
          {capacity != null && ` · up to ${capacity.pods} pods`}
        </p>
      </div>
      {capacity != null && used != null ? (
        <div className={classes.meters}>
          <Meter label="CPU" used={used.cpuMillicores} limit={capacity.cpuMillicores} format={formatCores} />
          <Meter label="Memory" used={used.memoryMib} limit={capacity.memoryMib} format={formatMib} />
        </div>
      ) : (
        <p className={classes.about}>Its use is not known yet.</p>
      )}
    </li>
  );
}
