// What phases, steps and plans are called on the screen; the glossary's words.
import type { Phase } from '@souk/contract';

export const PHASE_WORDS: Readonly<Record<Phase, string>> = {
  requested: 'Requested',
  provisioning: 'Provisioning',
  ready: 'Ready',
  upgrading: 'Upgrading',
  failed: 'Failed',
  deleting: 'Deleting',
  deleted: 'Deleted',
};

/** What a step does while it runs, short enough for a line of a table. */
export const STEP_WORDS: Readonly<Record<string, string>> = {
  ensureNamespace: 'making the namespace',
  ensureGuardrails: 'setting quota and network rules',
  ensureCredentials: 'making the credentials',
  installRelease: 'installing the release',
  awaitWorkloads: 'starting the pods',
  verifyStorefront: 'shopping a first product',
  removeRoute: 'closing the shop',
  uninstallRelease: 'removing the release',
  deleteNamespace: 'deleting the namespace',
  confirmGone: 'making sure nothing is left',
};

export const STEP_TITLES: Readonly<Record<string, string>> = {
  ensureNamespace: 'Namespace',
  ensureGuardrails: 'Guardrails',
  ensureCredentials: 'Credentials',
  installRelease: 'Release',
  awaitWorkloads: 'Pods',
  verifyStorefront: 'First purchase',
  removeRoute: 'Route closed',
  uninstallRelease: 'Release removed',
  deleteNamespace: 'Namespace deleted',
  confirmGone: 'Nothing left',
};

export const hostOf = (url: string): string => new URL(url).host;
export const capitalize = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
