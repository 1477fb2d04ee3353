// Where the ingress controller of somebody else's cluster answers from this machine, as the cluster itself tells it: by the address of
// its Service's load balancer, else by the Service's port on a node that runs the controller.

import type { RunResult } from './host/run.ts';
import { messageOf, PlatformError } from './platform-error.ts';

export type Kubectl = (...args: string[]) => Promise<RunResult>;
/** The controller, as the settings INGRESS_* name it. */
export type IngressController = { ingressClass: string; namespace: string; podLabels: string };

type Labels = Readonly<Record<string, string>>;
type Pod = { metadata: { labels?: Labels }; status?: { phase?: string; hostIP?: string } };
type Service = {
  metadata: { name: string };
  spec: { type?: string; selector?: Labels; ports?: { name?: string; port: number; nodePort?: number }[] };
  status?: { loadBalancer?: { ingress?: { ip?: string; hostname?: string }[] } };
};

const ANSWERS_WITHIN_MS = 5_000;
const HTTP_NAMES = ['http', 'web'];

export async function findIngressUrl(kubectl: Kubectl, controller: IngressController): Promise<string> {
  const { namespace, podLabels } = controller;
  const [pods, services] = await Promise.all([
    list<Pod>(kubectl, 'pods', `--namespace=${namespace}`, `--selector=${podLabels}`),
    list<Service>(kubectl, 'services', `--namespace=${namespace}`),
  ]);
  const running = pods.filter(({ status }) => status?.phase === 'Running');
  const own = services.filter((service) => running.some((pod) => selects(service, pod)));
  const urls = [
    ...own.flatMap(atLoadBalancer),
    // Of the node of a pod of its own: with externalTrafficPolicy "Local" no other node answers.
    ...own.flatMap((service) => running.filter((pod) => selects(service, pod)).flatMap((pod) => atNode(service, pod))),
  ];
  const [url] = urls;
  if (url === undefined) {
    throw cannotTell(`no Service in namespace ${namespace} leads from outside to http of pods labelled ${podLabels}`);
  }
  await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(ANSWERS_WITHIN_MS) }).catch((error: unknown) => {
    const { cause } = error as Error;
    throw cannotTell(`the ingress controller's address ${url} does not answer (${messageOf(cause ?? error)})`);
  });
  return url;
}

async function list<T>(kubectl: Kubectl, ...what: string[]): Promise<T[]> {
  const asked = await kubectl('get', ...what, '--output=json');
  if (asked.code !== 0) throw cannotTell(asked.stderr.trim());
  return (JSON.parse(asked.stdout) as { items: T[] }).items;
}

function selects({ spec }: Service, { metadata }: Pod): boolean {
  const selector = Object.entries(spec.selector ?? {});
  return selector.length > 0 && selector.every(([name, value]) => metadata.labels?.[name] === value);
}

function httpPortOf({ spec }: Service) {
  const ports = spec.ports ?? [];
  return ports.find(({ port }) => port === 80) ?? ports.find(({ name = '' }) => HTTP_NAMES.includes(name));
}

function atLoadBalancer(service: Service): string[] {
  const [first] = service.status?.loadBalancer?.ingress ?? [];
  const host = first?.ip ?? first?.hostname;
  const port = httpPortOf(service)?.port;
  return host === undefined || port === undefined ? [] : [urlOf(host, port)];
}

function atNode(service: Service, { status }: Pod): string[] {
  const port = httpPortOf(service)?.nodePort;
  return status?.hostIP === undefined || port === undefined ? [] : [urlOf(status.hostIP, port)];
}

function urlOf(host: string, port: number): string {
  return new URL(`http://${host.includes(':') ? `[${host}]` : host}:${port}`).origin;
}

function cannotTell(why: string): PlatformError {
  return new PlatformError(`it cannot be told where the cluster's ingress controller answers: ${why}`, {
    remedy: 'name the address with --ingress-url; or set INGRESS_NAMESPACE and INGRESS_POD_LABELS to the controller’s',
  });
}
