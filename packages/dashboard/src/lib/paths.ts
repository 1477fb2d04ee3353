// Every address of the dashboard, written once.
export const STORE_TABS = ['overview', 'activity', 'pods', 'logs', 'jobs', 'settings'] as const;
export type StoreTab = (typeof STORE_TABS)[number];

export const paths = {
  stores: '/stores',
  newStore: '/stores?new',
  store: (id: string, tab: StoreTab = 'overview'): string =>
    tab === 'overview' ? `/stores/${id}` : `/stores/${id}/${tab}`,
  logs: (id: string, pod: string): string => `/stores/${id}/logs?pod=${encodeURIComponent(pod)}`,
  insights: '/insights',
  cluster: '/cluster',
  settings: '/settings',
  setting: (page: string): string => `/settings/${page}`,
  admin: (page: string): string => `/admin/${page}`,
  signIn: '/sign-in',
  docs: '/docs',
} as const;
