// What the control plane's two identities may do in the cluster: the part of the platform's chart that says so, the same here as in
// production. Only the names of the identities differ (values-local.yaml).

import path from 'node:path';
import { run } from '../host/run.ts';
import { CHECKOUT } from '../platform-paths.ts';

const CHART = path.join(CHECKOUT, 'charts/platform');
// As the chart's values-local.yaml names them, and the client certificates of the PKI.
export const WORKER_USER = 'souk:worker';
export const API_USER = 'souk:api';

/** The objects as YAML. */
export async function renderAccess(programs: string): Promise<string> {
  const values = path.join(CHART, 'values-local.yaml');
  const only = ['--show-only', 'templates/access/*.yaml'];
  return await run([path.join(programs, 'helm'), 'template', 'souk', CHART, '--values', values, ...only]);
}
