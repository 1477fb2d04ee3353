// Files of the charts that are made, not written: the values that each plan gives (`ci/`), and the tables of the READMEs. A test
// compares them; `node charts/tests/generated-files.ts` writes them.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { stringify } from 'yaml';
import type { Engine, ValuesInput } from '../../packages/server/src/engines/engine.ts';
import { loadEngines } from '../../packages/server/src/engines/registry.ts';
import { valuesInputOf } from '../../packages/server/src/engines/test-inputs.ts';
import { PLATFORM_CHART } from './render-chart.ts';
import { valuesTable } from './values-table.ts';

export interface GeneratedFile {
  readonly path: string;
  readonly content: string;
}

const BEGIN = '<!-- values: begin -->';
const END = '<!-- values: end -->';

const ENGINES: readonly Engine[] = [...(await loadEngines({ extraFolders: [], images: {} })).values()].map(
  ({ engine }) => engine,
);

const CASES: Record<string, Partial<ValuesInput>> = {
  small: { plan: 'small' },
  standard: { plan: 'standard' },
  large: { plan: 'large' },
  tls: { publicScheme: 'https', clusterIssuer: 'letsencrypt', storageClass: 'fast-ssd', hasUserNamespaces: false },
};

export function generatedFiles(): GeneratedFile[] {
  const ofEngines = ENGINES.flatMap((engine) => [
    ...Object.entries(CASES).map(([name, change]) => ({
      path: path.join(engine.chartPath, 'ci', `${name}-values.yaml`),
      content: `# Made by charts/tests/generated-files.ts from the engine's values().\n${toYaml(engine, { ...valuesInputOf(engine), ...change })}`,
    })),
    readmeOf(engine.chartPath),
  ]);
  return [...ofEngines, readmeOf(PLATFORM_CHART)];
}

function toYaml(engine: Engine, input: ValuesInput): string {
  return stringify(engine.values(input), { lineWidth: 0, aliasDuplicateObjects: false });
}

function readmeOf(chart: string): GeneratedFile {
  const file = path.join(chart, 'README.md');
  const [before, rest = ''] = readFileSync(file, 'utf8').split(BEGIN);
  const after = rest.split(END)[1];
  if (after === undefined) throw new Error(`${file} lacks the marks ${BEGIN} and ${END}`);
  const table = valuesTable(readFileSync(path.join(chart, 'values.yaml'), 'utf8'));
  return { path: file, content: `${before}${BEGIN}\n${table}\n${END}${after}` };
}

if (import.meta.main) {
  for (const file of generatedFiles()) writeFileSync(file.path, file.content);
}
