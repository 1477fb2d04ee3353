// What one comes for most: where the shop is, how to get into it, how its making went, what it uses.
import { Alert, Anchor, Button } from '@mantine/core';
import type { Store } from '@souk/contract';
import { Link } from 'react-router';
import { CopyButton } from '../../components/copy-button.tsx';
import { Instant } from '../../components/instant.tsx';
import { Panel } from '../../components/panel.tsx';
import { formatDuration } from '../../lib/format.ts';
import { paths } from '../../lib/paths.ts';
import { useEngineTitle } from '../stores/use-engine-title.ts';
import { capitalize } from '../stores/words.ts';
import { Credentials } from './credentials.tsx';
import { FailurePanel } from './failure-panel.tsx';
import classes from './overview-tab.module.css';
import { ProgressTimeline } from './progress-timeline.tsx';
import { QuotaPanel } from './quota-panel.tsx';

export function OverviewTab({ store }: { readonly store: Store }) {
  return (
    <div className={classes.overview}>
      {store.phase === 'failed' && <FailurePanel store={store} />}
      {store.phase === 'ready' && store.health === 'degraded' && <DegradedAlert store={store} />}
      {store.phase === 'deleting' && store.error !== null && (
        <Alert color="yellow" title="The deletion is delayed">
          {store.error.message}
        </Alert>
      )}
      <div className={classes.columns}>
        <div className={classes.column}>
          <Panel title={store.phase === 'deleting' || store.phase === 'deleted' ? 'Deletion' : 'Provisioning'}>
            <ProgressTimeline store={store} />
          </Panel>
          {store.phase !== 'deleted' && <QuotaPanel store={store} />}
        </div>
        <div className={classes.column}>
          <Panel title="Addresses">
            <dl className={classes.facts}>
              <Address label="Shop" url={store.storefrontUrl} />
              <Address label="Admin" url={store.adminUrl} />
            </dl>
          </Panel>
          <Credentials store={store} />
          <Panel title="About">
            <dl className={classes.facts}>
              <Fact label="Engine">
                {useEngineTitle(store.engine)} {store.engineVersion}
              </Fact>
              <Fact label="Plan">{capitalize(store.plan)}</Fact>
              <Fact label="Created">
                <Instant at={store.createdAt} />
              </Fact>
              {store.readyAt !== null && (
                <Fact label="Ready after">
                  {formatDuration(Date.parse(store.readyAt) - Date.parse(store.createdAt))}
                </Fact>
              )}
              <Fact label="Id">
                <code>{store.id}</code> <CopyButton value={store.id} what="id" />
              </Fact>
            </dl>
          </Panel>
        </div>
      </div>
    </div>
  );
}

function DegradedAlert({ store }: { readonly store: Store }) {
  return (
    <Alert color="yellow" title="Not everything of this store works">
      <div className={classes.alert}>
        A part is not ready; the platform goes on trying.
        <Button component={Link} to={paths.store(store.id, 'pods')} size="xs" variant="default">
          Look at its pods
        </Button>
      </div>
    </Alert>
  );
}

function Fact({ label, children }: { readonly label: string; readonly children: React.ReactNode }) {
  return (
    <div className={classes.fact}>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Address({ label, url }: { readonly label: string; readonly url: string }) {
  return (
    <Fact label={label}>
      <Anchor href={url} target="_blank" rel="noreferrer" className={classes.url}>
        {url.replace(/^https?:\/\//, '')}
      </Anchor>
      <CopyButton value={url} what={`the ${label.toLowerCase()}'s address`} />
    </Fact>
  );
}
