// Turns a values.yaml into the table of a chart's README. Every value must have its own comment: a value that nobody explains is
// a mistake, and so is one that only a reader of the templates could use.
import { type Document, isMap, isScalar, type Pair, parseDocument, type YAMLMap } from 'yaml';

interface Value {
  readonly name: string;
  readonly meaning: string;
  readonly standard: string;
}

export function valuesTable(text: string): string {
  const document: Document = parseDocument(text);
  if (!isMap(document.contents)) throw new Error('values.yaml must hold a map');
  // The parser gives the first comment of a file to the document and the first of a map to that map.
  const values = listValues(document.contents, '', document.commentBefore ?? null);
  const rows = [
    ['value', 'meaning', 'default'],
    ...values.map(({ name, meaning, standard }) => [`\`${name}\``, meaning, `\`${standard}\``]),
  ];
  // Columns are padded as the formatter pads them, so that formatting and generating agree.
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`);
  lines.splice(1, 0, `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`);
  return lines.join('\n');
}

function listValues(map: YAMLMap, prefix: string, commentOfMap: string | null): Value[] {
  return map.items.flatMap((pair: Pair, index) => {
    if (!isScalar(pair.key)) throw new Error('keys must be plain words');
    const name = `${prefix}${pair.key.value}`;
    const comment = pair.key.commentBefore ?? (index === 0 ? commentOfMap : null);
    if (isMap(pair.value) && pair.value.items.length > 0) {
      return listValues(pair.value, `${name}.`, pair.value.commentBefore ?? null);
    }
    if (comment === null) throw new Error(`${name} has no comment`);
    return [{ name, meaning: comment.replace(/\s+/g, ' ').trim(), standard: JSON.stringify(toValue(pair.value)) }];
  });
}

function toValue(node: unknown): unknown {
  return isScalar(node) ? node.value : ((node as { toJSON?: () => unknown } | null)?.toJSON?.() ?? null);
}
