// The charts under test, each with the configurations that must hold (`ci/*-values.yaml`), and what they render to.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';

export const CHARTS_FOLDER = fileURLToPath(new URL('..', import.meta.url));
const TEST_ENGINE_CHART = fileURLToPath(new URL('../../acceptance/test-engine/chart', import.meta.url));
// The oldest that the charts say they run on would hide what the newest no longer takes.
const KUBERNETES_VERSION = '1.36.0';

export interface ChartCase {
  /** E.g. `medusa/large`. */
  readonly name: string;
  readonly chart: string;
  readonly valuesFile: string;
}

export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels?: Record<string, string>; readonly annotations?: object };
  readonly spec?: Record<string, unknown>;
}

export interface Container {
  readonly name: string;
  readonly resources?: { requests?: Record<string, string>; limits?: Record<string, string> };
  readonly securityContext?: Record<string, unknown> & { capabilities?: { drop?: string[]; add?: string[] } };
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
  readonly startupProbe?: object;
  readonly readinessProbe?: object;
  readonly livenessProbe?: object;
}

export interface PodTemplate {
  readonly metadata: { readonly labels: Record<string, string>; readonly annotations?: Record<string, string> };
  readonly spec: Record<string, unknown> & {
    containers: Container[];
    initContainers?: Container[];
    securityContext?: Record<string, unknown> & { seccompProfile?: { type: string } };
  };
}

export const PLATFORM_CHART = path.join(CHARTS_FOLDER, 'platform');

/** The charts of stores; the platform's own has rules and a test of its own. */
export function chartFolders(): string[] {
  const own = readdirSync(CHARTS_FOLDER)
    .map((name) => path.join(CHARTS_FOLDER, name))
    .filter((folder) => folder !== PLATFORM_CHART && existsSync(path.join(folder, 'Chart.yaml')));
  return [...own, TEST_ENGINE_CHART];
}

export function chartCases(): ChartCase[] {
  return chartFolders().flatMap((chart) =>
    readdirSync(path.join(chart, 'ci')).map((file) => ({
      name: `${chart === TEST_ENGINE_CHART ? 'test-shop' : path.basename(chart)}/${file.replace('-values.yaml', '')}`,
      chart,
      valuesFile: path.join(chart, 'ci', file),
    })),
  );
}

/** Renders as the worker does, with the release named as its namespace; `settings` go in last, as `--set-json`. */
export function renderText(helm: string, { chart, valuesFile }: ChartCase, settings: readonly string[] = []): string {
  const release = ['store-abcdefghij', chart, '--namespace', 'store-abcdefghij', '--kube-version', KUBERNETES_VERSION];
  const values = ['--values', valuesFile, ...settings.flatMap((setting) => ['--set-json', setting])];
  return execFileSync(helm, ['template', ...release, ...values], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

export function renderChart(helm: string, chartCase: ChartCase, settings?: readonly string[]): KubernetesObject[] {
  return parseAllDocuments(renderText(helm, chartCase, settings))
    .map((document) => document.toJS() as KubernetesObject | null)
    .filter((object) => object !== null);
}

/** The pod templates among the objects, by `Kind/name`. */
export function podTemplates(objects: readonly KubernetesObject[]): Map<string, PodTemplate> {
  const found = new Map<string, PodTemplate>();
  for (const { kind, metadata, spec } of objects) {
    const job = spec?.jobTemplate as { spec: Record<string, unknown> } | undefined;
    const owner = job?.spec ?? spec;
    if (owner !== undefined && 'template' in owner)
      found.set(`${kind}/${metadata.name}`, owner.template as PodTemplate);
  }
  return found;
}

/** A supported configuration of a chart by the name of its file. */
export function chartCase(chartName: string, name: string): ChartCase {
  const chart = path.join(CHARTS_FOLDER, chartName);
  return { name: `${chartName}/${name}`, chart, valuesFile: path.join(chart, 'ci', `${name}-values.yaml`) };
}

export function findObject(objects: readonly KubernetesObject[], kind: string, name: string): KubernetesObject {
  const object = objects.find((candidate) => candidate.kind === kind && candidate.metadata.name === name);
  assert.ok(object, `${kind}/${name} is not rendered`);
  return object;
}
