// What the timeline says of each step, while it runs and when it is through.

export const STEP_WORDS: Readonly<Record<string, { readonly doing: string; readonly done: string }>> = {
  ensureNamespace: { doing: 'Making the namespace', done: 'The namespace is there' },
  ensureGuardrails: {
    doing: 'Setting quota, limits and network rules',
    done: 'Quota, limits and network rules are in force',
  },
  ensureCredentials: { doing: 'Making the credentials', done: 'The credentials are kept' },
  installRelease: { doing: 'Installing the release', done: 'The release is installed' },
  awaitWorkloads: { doing: 'Waiting for the pods', done: 'All pods are ready' },
  verifyStorefront: { doing: 'Shopping a first product', done: 'A product can be listed and put into a cart' },
  resetPassword: { doing: 'Setting a new admin password', done: 'The admin has a new password' },
  removeRoute: { doing: 'Closing the shop', done: 'The shop is closed' },
  uninstallRelease: { doing: 'Removing the release', done: 'The release is removed' },
  deleteNamespace: { doing: 'Deleting the namespace', done: 'The namespace is being deleted' },
  confirmGone: { doing: 'Making sure that nothing is left', done: 'Nothing is left' },
};
