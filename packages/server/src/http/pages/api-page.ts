// Draws an OpenAPI document as one page that needs no script: every operation folds open to its parameters, body and answer.
import { describeSchema, type JsonSchema } from './describe-schema.ts';
import { escapeHtml, renderPage } from './page.ts';

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly schema?: JsonSchema;
}

interface Content {
  readonly description?: string;
  readonly content?: Readonly<Record<string, { readonly schema?: JsonSchema }>>;
}

interface Operation {
  readonly summary?: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: Content;
  readonly responses?: Readonly<Record<string, Content>>;
  readonly security?: readonly object[];
}

interface OpenApi {
  readonly info: { readonly title: string; readonly version: string; readonly description?: string };
  readonly tags?: readonly { readonly name: string; readonly description?: string }[];
  readonly paths?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly components?: { readonly schemas?: Readonly<Record<string, JsonSchema>> };
}

interface Entry {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

export function renderApiPage(document: object): string {
  const api = document as OpenApi;
  const entries = Object.entries(api.paths ?? {}).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): Entry => ({ method, path, operation: operation as Operation })),
  );
  const groups = (api.tags ?? []).map(
    ({ name, description }) => `<h2 id="${escapeHtml(name)}">${escapeHtml(description ?? name)}</h2>
${entries
  .filter(({ operation }) => operation.tags?.includes(name))
  .map(renderOperation)
  .join('\n')}`,
  );
  const problem = api.components?.schemas?.Problem;
  const body = `<main>
<p><a href="/">Souk</a></p>
<h1>API</h1>
<p class="lead">Version ${escapeHtml(api.info.version)}. Send <code>Authorization: Bearer …</code>; <code>./souk token</code> prints one.
The same as a document: <a href="/openapi.json">openapi.json</a>.</p>
${groups.join('\n')}
<h2 id="errors">Errors</h2>
${renderErrors(api.info.description ?? '')}
${problem === undefined ? '' : renderShape('Every error', problem)}
</main>`;
  return renderPage('Souk API', body);
}

function renderOperation({ method, path, operation }: Entry): string {
  const parts = [
    operation.description === undefined ? '' : `<p>${escapeHtml(operation.description)}</p>`,
    operation.security === undefined ? '<p>Needs no token.</p>' : '',
    renderParameters(operation.parameters ?? []),
    ...contents('Body', operation.requestBody),
    ...Object.entries(operation.responses ?? {})
      .filter(([code]) => code !== 'default')
      .flatMap(([code, response]) => contents(`Answers ${code}`, response)),
  ];
  return `<details><summary><span class="method">${method.toUpperCase()}</span><code>${escapeHtml(path)}</code>
<span class="what">${escapeHtml(operation.summary ?? '')}</span></summary>
<div class="inside">${parts.join('\n')}</div></details>`;
}

function renderParameters(parameters: readonly Parameter[]): string {
  if (parameters.length === 0) {
    return '';
  }
  const rows = parameters.map(({ name, in: place, required, description, schema }) => {
    const type = schema === undefined ? '' : describeSchema(schema);
    return `<tr><td><code>${escapeHtml(name)}</code></td><td>${escapeHtml(place)}${required === true ? ', required' : ''}</td><td><code>${escapeHtml(type)}</code></td><td>${escapeHtml(description ?? schema?.description ?? '')}</td></tr>`;
  });
  return `<h3>Parameters</h3><table>${rows.join('')}</table>`;
}

function contents(title: string, of: Content | undefined): string[] {
  return Object.values(of?.content ?? {}).flatMap(({ schema }) =>
    schema === undefined ? [] : [renderShape(title, schema)],
  );
}

function renderShape(title: string, schema: JsonSchema): string {
  return `<h3>${escapeHtml(title)}</h3><pre>${escapeHtml(describeSchema(schema))}</pre>`;
}

// The list of codes comes as the markdown list of the document's description.
function renderErrors(description: string): string {
  const rows = [...description.matchAll(/^- `([a-z_]+)` \((\d+)\): (.+)$/gm)].map(
    ([, code, status, title]) =>
      `<tr><td><code>${code}</code></td><td>${status}</td><td>${escapeHtml(title ?? '')}</td></tr>`,
  );
  return `<table>${rows.join('')}</table>`;
}
